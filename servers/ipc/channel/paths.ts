/**
 * The paths served by resource managers, on this node and on others.
 *
 * @module
 */
import { Errno, hasErrno, SystemError } from "../../posix/errors.ts";
import { listen, SocketType } from "../../posix/sockets.ts";
import { pathAddress } from "./addresses.ts";
import { Channel } from "./channel.ts";
import { type AttachOptions, attachOr } from "./connection.ts";
import { attachRemote, nodeDescriptor } from "./nodes.ts";

/** Creates a channel with a path. @throws {SystemError} EEXIST if the path is in use. */
export function createAt(
  path: string,
  flags: number,
  { call, action }: { call: string; action: string },
): Channel {
  const address = pathAddress(path, call);
  let listener;
  try {
    listener = listen(address, action, SocketType.messages);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new SystemError(call, action, Errno.EEXIST);
  }
  return Channel.create(flags, [listener]);
}

/**
 * Connects to the channel with a path. `/net/NODE/…` is a path on another node.
 *
 * @throws {SystemError} ENOENT if there is none.
 */
export function attachPath(path: string, how: AttachOptions): number {
  const [, node, rest] = path.match(/^\/net\/([^/]+)(\/.*)$/) ?? [];
  return node === undefined
    ? attachOr(Errno.ENOENT, pathAddress(path, how.call), how)
    : attachRemote(nodeDescriptor(node), { path: rest! }, how);
}
