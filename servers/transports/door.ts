/**
 * Doors: the client opens the door, calls its procedure with the line, gets the bytes as the result, and
 * closes the door.
 *
 * @module
 */
import { closeDoor, doorCall, DoorError, openDoor, ProcedureError } from "../ipc/door/mod.ts";
import { Kind, sendDoorMessage } from "../ipc/door/message.ts";
import { enableCredentials } from "../posix/messages.ts";
import { accept, SocketType } from "../posix/sockets.ts";
import { listenAt } from "./stream.ts";
import { Failure, type Transport } from "./transport.ts";

/** Through a door. */
export const door: Transport = {
  bind(address) {
    const endpoint = listenAt(address, SocketType.messages);
    enableCredentials(endpoint.listener);
    return endpoint;
  },
  client({ path }, { bytes }, timeout) {
    const name = path!.replace(/^@/, "\0");
    const data = new TextEncoder().encode(`${bytes}\n`);
    return {
      open: () => openDoor(name, timeout),
      request(connection) {
        try {
          const { length } = doorCall(connection, { data, resultSize: bytes }).data;
          if (length === bytes) return 0;
          return length < bytes ? Failure.shortReply : Failure.longReply;
        } catch (error) {
          if (error instanceof ProcedureError) return Failure.refused;
          if (error instanceof DoorError) return error.errno;
          throw error;
        }
      },
      close: closeDoor,
    };
  },
  acceptAndReply(listener, reply) {
    const peer = accept(listener);
    sendDoorMessage(peer, { kind: Kind.result, data: reply });
    return peer;
  },
};
