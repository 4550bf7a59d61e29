/**
 * Channels with names (QNX Neutrino's name_attach(), name_detach(), name_open() and name_close()).
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { channelDestroy } from "./channel.ts";
import { detach } from "./connection.ts";
import { ChannelFlag, ConnectFlag, SIDE_CHANNEL } from "./flags.ts";
import { attachPath, createAt } from "./paths.ts";

/** The folder of names, as in QNX Neutrino. */
const NAMES = "/dev/name/local/";

/** An attached name and its channel. */
export interface NameAttachment {
  readonly chid: number;
  readonly name: string;
}

/**
 * Creates a channel with a name. It has the flag DISCONNECT, so it receives pulses, too.
 *
 * @param flags must be 0: there are no global names.
 * @throws {SystemError} EEXIST if the name is in use, EINVAL for other flags or an invalid name.
 */
export function nameAttach(name: string, flags = 0): NameAttachment {
  const action = `attach the name "${name}"`;
  if (flags !== 0) throw new SystemError("nameAttach", action, Errno.EINVAL);
  const { chid } = createAt(NAMES + name, ChannelFlag.DISCONNECT, { call: "nameAttach", action });
  return { chid, name };
}

/** Detaches a name and destroys its channel. @throws {SystemError} ESRCH if it was detached before. */
export function nameDetach({ chid }: NameAttachment): void {
  channelDestroy(chid);
}

/**
 * Connects this thread to the channel with a name.
 *
 * @param name on this node, or `/net/NODE/dev/name/local/NAME` on another one.
 * @param flags must be 0.
 * @returns the connection's number, larger than every descriptor.
 * @throws {SystemError} ENOENT if the name is not attached, EINVAL for other flags.
 */
export function nameOpen(name: string, flags = 0): number {
  const how = {
    index: SIDE_CHANNEL,
    flags: ConnectFlag.CLOEXEC,
    call: "nameOpen",
    action: `open the name "${name}"`,
  };
  if (flags !== 0) throw new SystemError(how.call, how.action, Errno.EINVAL);
  return attachPath(name.startsWith("/net/") ? name : NAMES + name, how);
}

/** Closes a connection of `nameOpen`. @throws {SystemError} EBADF if this thread has none with that number. */
export function nameClose(coid: number): void {
  detach(coid, "nameClose");
}
