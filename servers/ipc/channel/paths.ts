/**
 * The space of paths that resource managers serve, on this node and on others.
 *
 * @module
 */
import { Errno, hasErrno, SystemError } from "../../posix/errors.ts";
import { listen, SocketType } from "../../posix/sockets.ts";
import { pathAddress } from "./addresses.ts";
import { Channel } from "./channel.ts";
import { attachOr, type How } from "./connection.ts";
import { attachRemote, nodeDescriptor } from "./nodes.ts";

/** Makes a channel that is found at a path. @throws {SystemError} EEXIST where the path is in use. */
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
 * Connects to whoever serves a path; `/net/NODE/…` is a path on another node.
 *
 * @throws {SystemError} ENOENT where nobody does.
 */
export function attachPath(path: string, how: How): number {
  const [, node, rest] = path.match(/^\/net\/([^/]+)(\/.*)$/) ?? [];
  return node === undefined
    ? attachOr(Errno.ENOENT, pathAddress(path, how.call), how)
    : attachRemote(nodeDescriptor(node), { path: rest! }, how);
}
