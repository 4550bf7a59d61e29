/**
 * Other nodes: their names, and connections to channels there, through the gateway of this node
 * (`deno task channel-gateway`).
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { pathAddress } from "./addresses.ts";
import { attachOr, detach, type How, transact } from "./connection.ts";
import { MessageType } from "./flags.ts";

/** This node (`ND_LOCAL_NODE`). */
export const LOCAL_NODE = 0;

/** What a client wants to be connected to on another node: a channel, or whoever serves a path. */
export type Target =
  | { readonly pid: number; readonly chid: number }
  | { readonly path: string };

/** Names of the nodes this thread knows; a node's descriptor is its place here. */
const names: string[] = [""];

/**
 * The descriptor of a node, by its name (netmgr_strtond()). It means that node in this thread only.
 *
 * @throws {SystemError} EINVAL for a name that cannot be one.
 */
export function nodeDescriptor(name: string): number {
  if (!/^[\w.-]+$/.test(name)) {
    throw new SystemError("nodeDescriptor", `use "${name}" as the name of a node`, Errno.EINVAL);
  }
  if (!names.includes(name)) names.push(name);
  return names.indexOf(name);
}

/** Where a node's name is found: clients connect here, and the gateway listens. */
export function nodePath(name: string): string {
  return `/net/${name}`;
}

const encoder = new TextEncoder();

/**
 * Connects to a channel on another node.
 *
 * @throws {SystemError} EHOSTUNREACH where there is no gateway to that node, or it cannot be reached; what
 * failed there.
 */
export function attachRemote(nd: number, target: Target, how: How): number {
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
