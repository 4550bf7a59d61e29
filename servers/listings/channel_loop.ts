/**
 * Channel server: one process receives messages and replies to them, one after the other (QNX Neutrino's
 * message passing). A client attaches, sends the line that asks, and has the bytes as its reply.
 *
 * Like the iterative server it controls no processes. What it does more for a client is that it chooses
 * whom to serve, by priority and then in the order of arrival: it looks at all connections before each
 * message. And it waits for no client, since a message comes whole. The channel is made of Unix sockets.
 *
 * @module
 */
import { Channel } from "../ipc/channel/channel.ts";
import { awaitReply, send } from "../ipc/channel/connection.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  connectAttach,
  connectDetach,
  MessageType,
  msgError,
  msgReceive,
  msgReply,
  type ReceivedMessage,
} from "../ipc/channel/mod.ts";
import type { Server } from "../design.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { answer, WARM_UP } from "../service/bytes.ts";

const request = new Uint8Array(64);

/** Receives and replies. */
export function parent({ listener, count }: Server): never {
  const { chid } = Channel.create(0, [listener]);
  for (;;) {
    const received = msgReceive(chid, request);
    if (!received.pulse) count(() => reply(received));
  }
}

/** Answers a message; whether its request is served. */
function reply({ rcvid, info }: ReceivedMessage): boolean {
  const bytes = answer(request.subarray(0, info.msglen));
  try {
    if (bytes) msgReply(rcvid, bytes.length, bytes);
    else msgError(rcvid, Errno.EINVAL);
  } catch (error) {
    if (!hasErrno(error, Errno.ESRCH)) throw error; // the client has vanished
  }
  return bytes !== undefined;
}

/** Sends to itself and answers. */
export function warmUp(): void {
  const chid = channelCreate(ChannelFlag.PRIVATE);
  const transaction = {
    call: "msgSend",
    type: MessageType.own,
    message: new TextEncoder().encode("4000\n"),
    reply: new Uint8Array(4000),
  };
  for (let i = 0; i < WARM_UP; i++) {
    const coid = connectAttach(0, 0, chid);
    send(coid, transaction);
    reply(msgReceive(chid, request) as ReceivedMessage);
    awaitReply(coid, transaction);
    connectDetach(coid);
  }
  channelDestroy(chid);
}
