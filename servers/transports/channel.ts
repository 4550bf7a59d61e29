/**
 * Message channels: the client attaches, sends the line, receives the bytes as the reply, and detaches.
 *
 * @module
 */
import { attach, detach, transact } from "../ipc/channel/connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "../ipc/channel/flags.ts";
import { ReplyPacket } from "../ipc/channel/packet.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { accept, setTimeouts, SocketType } from "../posix/sockets.ts";
import { listenAt, pathAddress } from "./stream.ts";
import { Failure, type Transport } from "./transport.ts";

/** Over a message channel. */
export const channel: Transport = {
  bind: (address) => listenAt(address, SocketType.messages),
  client({ path }, { bytes }, timeout) {
    const address = pathAddress(path!);
    const how = {
      index: SIDE_CHANNEL,
      flags: ConnectFlag.CLOEXEC,
      call: "connectAttach",
      action: `attach to the channel at ${path}`,
    };
    const transaction = {
      call: "msgSend",
      type: MessageType.own,
      message: new TextEncoder().encode(`${bytes}\n`),
      reply: new Uint8Array(bytes),
    };
    return {
      open() {
        const coid = attach(address, how);
        setTimeouts(coid & ~SIDE_CHANNEL, timeout);
        return coid;
      },
      request(coid) {
        try {
          const length = transact(coid, transaction);
          if (length === bytes) return 0;
          return length < bytes ? Failure.shortReply : Failure.longReply;
        } catch (error) {
          if (hasErrno(error, Errno.EINVAL)) return Failure.refused;
          throw error;
        }
      },
      close: (coid) => detach(coid, "connectDetach"),
    };
  },
  acceptAndReply(listener, reply) {
    const peer = accept(listener);
    const packet = new ReplyPacket();
    packet.put({ status: reply.length, error: 0 }, reply);
    packet.message.send(peer);
    return peer;
  },
};
