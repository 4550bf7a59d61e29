/**
 * Network namespaces for tests: a forked child's own, or that of a program.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { AF_INET, SOCK_DGRAM } from "../posix/constants.ts";
import { checked } from "../posix/errors.ts";
import { writeText } from "../posix/files.ts";
import { libc } from "../posix/libc.ts";
import { enterNetworkNamespace, findLoopback } from "../posix/network.ts";
import { closing, inChild } from "./fork.ts";

/** Runs `body` in a child with a network namespace of its own, in which it is root. */
export function inNamespace(body: () => void): void {
  const { code } = inChild(() => {
    enterNetworkNamespace();
    body();
  });
  assertEquals(code, 0, "see what the child printed");
}

/** Sets a parameter of the namespace, such as `ipv4/tcp_tw_reuse`. */
export function setParameter(name: string, value: string): void {
  writeText(`/proc/sys/net/${name}`, value);
}

/** Leaves so few local ports, which stay in TIME_WAIT for a minute. */
export function setLocalPorts(count: number): void {
  setParameter("ipv4/ip_local_port_range", `50000 ${50_000 + count - 1}`);
  setParameter("ipv4/tcp_tw_reuse", "0");
}

/** Takes 127.0.0.1 away from the loopback interface (netdevice(7)): it has ::1 only. */
export function removeIPv4(): void {
  const SIOCSIFADDR = 0x8916;
  const socket = libc.socket(AF_INET, SOCK_DGRAM, 0);
  using _ = closing(socket);
  const request = new Uint8Array(40); // struct ifreq: the name in 16 bytes, then a struct sockaddr_in
  request.set(new TextEncoder().encode("lo"));
  request[16] = AF_INET;
  checked(libc.ioctl(socket, SIOCSIFADDR, request), "ioctl", "remove the address of lo");
}

function works(body: () => boolean): boolean {
  return inChild(() => {
    try {
      enterNetworkNamespace();
      return body() ? 0 : 1;
    } catch {
      return 1;
    }
  }).code === 0;
}

/** Whether a test can have a namespace, and one with IPv6 only. */
export const hasNamespaces = works(() => true);
export const hasIPv6 = works(() => {
  removeIPv4();
  return findLoopback() === "::1";
});

/**
 * The words that run a program in namespaces of its own after a line of the shell; undefined where that line
 * fails, as where there is no root, or no ip(8).
 */
export function namespaced(
  kinds: readonly ("--net" | "--mount")[],
  line: string,
): readonly string[] | undefined {
  const words = ["unshare", ...kinds, "sh", "-c", `${line} && exec "$@"`, "sh"];
  const [program, ...args] = [...words, "true"];
  try {
    const { success } = new Deno.Command(program!, { args, stderr: "null" }).outputSync();
    return success ? words : undefined;
  } catch {
    return undefined;
  }
}
