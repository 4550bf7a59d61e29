/**
 * Message channels: send, receive, reply, as QNX Neutrino has them, over Unix sockets.
 *
 * A server makes a channel and receives on it; a client connects to it and sends, and waits until the
 * server has replied. All calls block and need no event loop.
 *
 * @example A server that is found by a name
 * ```ts ignore
 * import { msgReceive, msgReply, nameAttach } from "./servers/ipc/channel/mod.ts";
 *
 * const { chid } = nameAttach("myname");
 * const buffer = new Uint8Array(4096);
 * for (;;) {
 *   const { rcvid, pulse, info } = msgReceive(chid, buffer);
 *   if (!pulse) msgReply(rcvid, 0, buffer.slice(0, info.msglen).reverse());
 * }
 * ```
 *
 * @example Its client
 * ```ts ignore
 * import { msgSend, nameClose, nameOpen } from "./servers/ipc/channel/mod.ts";
 *
 * const coid = nameOpen("myname");
 * const reply = new Uint8Array(5);
 * msgSend(coid, new TextEncoder().encode("hello"), reply); // olleh
 * nameClose(coid);
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
