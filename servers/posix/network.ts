/**
 * Network namespaces (network_namespaces(7)): the kernel's counters contain no other programs' connections,
 * and all ports are free. And what a namespace has: its loopback address.
 *
 * @module
 */
import { internetAddress } from "./addresses.ts";
import { AF_INET, O_CLOEXEC, SOCK_DGRAM } from "./constants.ts";
import { checked, Errno, errno, hasErrno, SystemError } from "./errors.ts";
import { UnsupportedError } from "../errors.ts";
import { libc } from "./libc.ts";
import { boundSocket, SocketType, tryConnect } from "./sockets.ts";

const CLONE_NEWNET = 0x40000000;

const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

/**
 * Moves this thread and its future children into a new network namespace with only a loopback interface
 * (unshare(2)). The namespace lasts as long as a process in it.
 *
 * @throws {UnsupportedError} without CAP_SYS_ADMIN.
 */
export function enterNetworkNamespace(): void {
  if (libc.unshare(CLONE_NEWNET) === -1) {
    const number = errno();
    if (number !== Errno.EPERM) {
      throw new SystemError("unshare", "create a network namespace", number);
    }
    throw new UnsupportedError(
      "Cannot create a network namespace: this needs root",
      { option: "netns" },
    );
  }
  bringUpLoopback();
}

function bringUpLoopback(): void {
  const action = "bring up the loopback interface";
  const socket = checked(libc.socket(AF_INET, SOCK_DGRAM | O_CLOEXEC, 0), "socket", action);
  const request = new Uint8Array(40); // struct ifreq: the name in 16 bytes, then the flags
  request.set(new TextEncoder().encode("lo"));
  request[16] = IFF_UP;
  const result = libc.ioctl(socket, SIOCSIFFLAGS, request);
  const number = errno();
  libc.close(socket);
  if (result === -1) throw new SystemError("ioctl", action, number);
}

/** The loopback address of this network namespace: 127.0.0.1, or ::1 without IPv4; undefined if there is neither. */
export function findLoopback(): "127.0.0.1" | "::1" | undefined {
  return (["127.0.0.1", "::1"] as const).find(isOwn);
}

/** The same. @throws {UnsupportedError} if there is neither. */
export function loopbackHost(): string {
  const host = findLoopback();
  if (host !== undefined) return host;
  throw new UnsupportedError(
    "Cannot use the loopback interface: it has no address here; write ip link set lo up",
  );
}

/** Whether a socket can be bound to that address, and reach it: without any network, only the former can be. */
function isOwn(host: string): boolean {
  try {
    const socket = boundSocket(internetAddress(host, 0), `use ${host}`, SocketType.datagrams);
    const isReached = tryConnect(socket, internetAddress(host, DISCARD)) === 0; // sends nothing
    libc.close(socket);
    return isReached;
  } catch (error) {
    if (isNotOwn(error)) return false;
    throw error;
  }
}

/** A port of no consequence (RFC 863). */
const DISCARD = 9;

/** Whether bind failed because the address is none of this machine, or its family is not supported. */
export function isNotOwn(error: unknown): boolean {
  return hasErrno(error, Errno.EADDRNOTAVAIL, Errno.EAFNOSUPPORT);
}
