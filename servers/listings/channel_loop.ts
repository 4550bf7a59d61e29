/**
 * Channel server: one process receives messages and replies to them, one at a time (QNX Neutrino's message
 * passing). A client attaches, sends a request line, and gets the bytes as its reply.
 *
 * Like the iterative server it controls no processes. Unlike it, it serves clients by priority, then in order
 * of arrival, so it checks all connections before each message; and it never waits for a slow client, since
 * messages arrive whole. The channel is implemented over Unix sockets.
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
import type { ParentContext } from "../design.ts";
import { Errno } from "../posix/errors.ts";
import { answer, WARM_UP } from "../service/bytes.ts";

const request = new Uint8Array(64);

/** Receives and replies. */
export function parent({ listener, count }: ParentContext): never {
  const { chid } = Channel.create(0, [listener]);
  for (;;) {
    const received = msgReceive(chid, request);
    if (!received.pulse) count(() => reply(received));
  }
}

/** Answers a message; returns whether its request is served. */
function reply({ rcvid, info }: ReceivedMessage): boolean {
  const bytes = answer(request.subarray(0, info.msglen));
  if (bytes) msgReply(rcvid, bytes.length, bytes);
  else msgError(rcvid, Errno.EINVAL);
  return bytes !== undefined;
}

/** Sends itself messages and answers them. */
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
