/**
 * Message channels: send, receive and reply as in QNX Neutrino, over Unix sockets.
 *
 * A server creates a channel and receives on it. A client attaches to it, sends a message and blocks until the
 * server replies. All calls block and need no event loop.
 *
 * @example A server with a name
 * ```ts
 * import { msgReceive, msgReply, nameAttach } from "@herd/herd/channel";
 *
 * function serve(): never {
 *   const { chid } = nameAttach("myname");
 *   const buffer = new Uint8Array(4096);
 *   for (;;) {
 *     const { rcvid, pulse, info } = msgReceive(chid, buffer);
 *     if (!pulse) msgReply(rcvid, 0, buffer.slice(0, info.msglen).reverse());
 *   }
 * }
 * ```
 *
 * @example Its client
 * ```ts
 * import { msgSend, nameClose, nameOpen } from "@herd/herd/channel";
 *
 * function call(): Uint8Array {
 *   const coid = nameOpen("myname");
 *   const reply = new Uint8Array(5);
 *   msgSend(coid, new TextEncoder().encode("hello"), reply); // olleh
 *   nameClose(coid);
 *   return reply;
 * }
 * ```
 *
 * @module
 */
export { channelCreate, channelDestroy } from "./channel.ts";
export { ChannelFlag, ConnectFlag, MessageType, PulseCode, SIDE_CHANNEL } from "./flags.ts";
export { close, open, OpenFlag, read, write } from "./io.ts";
export { nameAttach, type NameAttachment, nameClose, nameDetach, nameOpen } from "./names.ts";
export { LOCAL_NODE, nodeDescriptor } from "./nodes.ts";
export {
  type MessageInfo,
  msgRead,
  msgReceive,
  type Pulse,
  type Received,
  type ReceivedMessage,
  type ReceivedPulse,
} from "./receive.ts";
export { msgError, msgReply, msgWrite } from "./reply.ts";
export {
  type Answer,
  type Handlers,
  resmgrAttach,
  resmgrDetach,
  type ResourceManager,
} from "./resource_manager.ts";
export { connectAttach, connectDetach, msgSend, msgSendPulse } from "./send.ts";
