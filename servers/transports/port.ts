/**
 * Listening on ports: of the loopback interface, where only this machine reaches them, or of another address.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import type { Steering } from "../design.ts";
import {
  boundAddress,
  internetAddress,
  internetAddresses,
  type SocketAddress,
} from "../posix/addresses.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { isNotOwn, loopbackHost } from "../posix/network.ts";
import { attachSteering, shareAddress } from "../posix/reuseport.ts";
import { boundSocket, startListening } from "../posix/sockets.ts";
import { addressText } from "./transport.ts";

/**
 * Listens on a port of a host, without one of the loopback interface; the system chooses a port for 0.
 *
 * @returns the listening socket.
 * @throws {UsageError} if the port is in use, or the host is not this machine.
 */
export function listenOn(port: number, host: string = loopbackHost()): number {
  const listener = bindPort(host, port);
  listenOnBound(listener);
  return listener;
}

/**
 * Binds to a port of a host, a name or an address, but does not listen: clients cannot connect yet. Of a name
 * it is the first address that is one of this machine.
 *
 * @throws {UsageError} if the port is in use, or none of the addresses is of this machine.
 */
export function bindPort(host: string, port: number): number {
  for (const address of internetAddresses(host, port)) {
    const listener = tryBind(host, port, address);
    if (listener !== undefined) return listener;
  }
  throw new UsageError(`Cannot listen on ${host}: it is no address of this machine`, {
    option: "host",
  });
}

/** Makes a socket of `bindPort` listen. @throws {UsageError} if another server bound to the port listens already. */
export function listenOnBound(listener: number): void {
  const { host, port } = boundAddress(listener);
  unlessInUse(host, port, (action) => startListening(listener, action));
}

/** Binds more sockets to the port of one of `bindPort`, all of which share it. They do not listen yet. */
export function bindShards(first: number, count: number): number[] {
  const { host, port } = boundAddress(first);
  const shards = [first];
  while (shards.length < count) {
    shards.push(boundSocket(internetAddress(host, port), "share a port"));
  }
  shards.forEach(shareAddress);
  return shards;
}

/**
 * Makes sockets of `bindShards` listen, in their order.
 *
 * @throws {UsageError} if another server listens on the port, which it would share.
 */
export function listenOnShards(shards: readonly number[], steer: Steering): void {
  const { host, port } = boundAddress(shards[0]!);
  unlessInUse(host, port, (action) => close(boundSocket(internetAddress(host, port), action)));
  if (steer !== "hash") attachSteering(shards[0]!, steer, shards.length);
  shards.forEach(listenOnBound);
}

function tryBind(host: string, port: number, address: SocketAddress): number | undefined {
  try {
    return unlessInUse(host, port, (action) => boundSocket(address, action));
  } catch (error) {
    if (!isNotOwn(error)) throw error;
  }
}

function unlessInUse<T>(host: string, port: number, body: (action: string) => T): T {
  const action = `listen on ${addressText({ host, port })}`;
  try {
    return body(action);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new UsageError(`Cannot ${action}: the port is in use`, { option: "port" });
  }
}
