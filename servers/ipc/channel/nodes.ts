/**
 * Other nodes: their names, and connections to their channels through this node's gateway
 * (`deno task channel-gateway`).
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { pathAddress } from "./addresses.ts";
import { type AttachOptions, attachOr, detach, transact } from "./connection.ts";
import { MessageType } from "./flags.ts";

/** This node (`ND_LOCAL_NODE`). */
export const LOCAL_NODE = 0;

/** The target of a connection to another node: a channel, or a resource manager's path. */
export type Target =
  | { readonly pid: number; readonly chid: number }
  | { readonly path: string };

/** Names of the nodes known to this thread, indexed by node descriptor. */
const names: string[] = [""];

/**
 * The descriptor of the node with a name (netmgr_strtond()), valid in this thread only.
 *
 * @throws {SystemError} EINVAL if the name is invalid.
 */
export function nodeDescriptor(name: string): number {
  if (!/^[\w.-]+$/.test(name)) {
    throw new SystemError("nodeDescriptor", `use "${name}" as the name of a node`, Errno.EINVAL);
  }
  if (!names.includes(name)) names.push(name);
  return names.indexOf(name);
}

/** The path on which the gateway listens for connections to a node. */
export function nodePath(name: string): string {
  return `/net/${name}`;
}

const encoder = new TextEncoder();

/**
 * Connects to a channel on another node.
 *
 * @throws {SystemError} EHOSTUNREACH if there is no gateway to the node or ssh cannot start an agent there; or
 * the error on that node.
 */
export function attachRemote(nd: number, target: Target, how: AttachOptions): number {
  const name = names[nd];
  if (!name) throw new SystemError(how.call, how.action, Errno.EHOSTUNREACH);
  const coid = attachOr(Errno.EHOSTUNREACH, pathAddress(nodePath(name), how.call), how);
  try {
    const message = encoder.encode(JSON.stringify(target));
    transact(coid, { call: how.call, type: MessageType.node, message, reply: new Uint8Array() });
    return coid;
  } catch (error) {
    detach(coid, how.call);
    throw error;
  }
}
