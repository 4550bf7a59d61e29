/**
 * Channels found by a name (QNX Neutrino's name_attach(), name_detach(), name_open() and name_close()).
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { channelDestroy } from "./channel.ts";
import { detach } from "./connection.ts";
import { ChannelFlag, ConnectFlag, SIDE_CHANNEL } from "./flags.ts";
import { attachPath, createAt } from "./paths.ts";

/** Where names are, as in QNX Neutrino. */
const NAMES = "/dev/name/local/";

/** A name that is attached, and the channel behind it. */
export interface NameAttachment {
  readonly chid: number;
  readonly name: string;
}

/**
 * Makes a channel that clients find by its name. It has DISCONNECT, so pulses arrive on it, too.
 *
 * @param flags 0: there are no global names.
 * @throws {SystemError} EEXIST where the name is in use, EINVAL for flags or a name it does not know.
 */
export function nameAttach(name: string, flags = 0): NameAttachment {
  const action = `attach the name "${name}"`;
  if (flags !== 0) throw new SystemError("nameAttach", action, Errno.EINVAL);
  const { chid } = createAt(NAMES + name, ChannelFlag.DISCONNECT, { call: "nameAttach", action });
  return { chid, name };
}

/** Gives a name up, and its channel with it. @throws {SystemError} ESRCH where it was given up before. */
export function nameDetach({ chid }: NameAttachment): void {
  channelDestroy(chid);
}

/**
 * Connects this thread to the channel of that name.
 *
 * @param name of this node; `/net/NODE/dev/name/local/NAME`: of another one.
 * @returns the connection's number, beyond every descriptor's.
 * @throws {SystemError} ENOENT where nobody has attached the name.
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

/** Ends a connection made by `nameOpen`. @throws {SystemError} EBADF where this thread has none such. */
export function nameClose(coid: number): void {
  detach(coid, "nameClose");
}
