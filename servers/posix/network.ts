/**
 * A network of one's own (network_namespaces(7)): nobody else's connections in the kernel's counts, and
 * all ports free.
 *
 * @module
 */
import { checked, Errno, errno, SystemError } from "./errors.ts";
import { UnsupportedError } from "../errors.ts";
import { libc } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

/**
 * Moves this thread into a network namespace of its own, with loopback and nothing else; and with it
 * whatever it starts from now on. The namespace is gone with the last process in it.
 *
 * @throws {UnsupportedError} where that is not permitted.
 */
export function enterNetworkNamespace(): void {
  if (libc.unshare(CLONE_NEWNET) === -1) {
    const number = errno();
    if (number !== Errno.EPERM) throw new SystemError("unshare", "make a network", number);
    throw new UnsupportedError(
      "Cannot make a network namespace: this takes root; write sudo, or unshare --map-root-user " +
        "--net in front of the command, or leave out --netns",
    );
  }
  bringUpLoopback();
}

function bringUpLoopback(): void {
  const action = "bring up the loopback interface";
  const socket = checked(libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket", action);
  const request = new Uint8Array(40); // struct ifreq: the name in 16 bytes, then the flags
  request.set(new TextEncoder().encode("lo"));
  request[16] = IFF_UP;
  const result = libc.ioctl(socket, SIOCSIFFLAGS, request);
  const number = errno();
  libc.close(socket);
  if (result === -1) throw new SystemError("ioctl", action, number);
}
