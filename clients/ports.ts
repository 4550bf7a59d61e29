/**
 * The local ports of a load. A connection needs one, and keeps it in TIME_WAIT for a minute, because the client
 * closes first (UNP §2.7). Another connection to the same server from the same address needs another one.
 *
 * @module
 */
import { UnsupportedError } from "../servers/errors.ts";
import {
  internetAddresses,
  isIPv4Loopback,
  isLoopback,
  type SocketAddress,
} from "../servers/posix/addresses.ts";
import { tryReadText } from "../servers/posix/files.ts";
import { tcpSocketsTo } from "../servers/posix/tcp_table.ts";
import { addressText } from "../servers/transports/transport.ts";
import type { LoadOptions } from "./protocol.ts";

/** What a load does, as far as ports are concerned. */
export type Connections =
  & Pick<LoadOptions, "clients" | "connections" | "warmUpConnections" | "thinkMilliseconds">
  & Partial<Pick<LoadOptions, "limitSeconds" | "rate">>;

/** TCP_TIMEWAIT_LEN. */
const TIME_WAIT_MS = 60_000;

/** A client makes no more: each connection takes it more than 25 µs of CPU time. */
const MOST_PER_SECOND = 40_000;

/** The ports that a load has at a time, at most: those of all its connections, or of a minute's. */
export function portsOf(
  { clients, connections, limitSeconds = 0, warmUpConnections, thinkMilliseconds, rate = 0 }:
    Connections,
): number {
  const inMinute = 1 + Math.ceil(
    rate === 0 ? TIME_WAIT_MS / thinkMilliseconds : TIME_WAIT_MS / 1000 * rate / clients,
  );
  const inTime = MOST_PER_SECOND * (limitSeconds || Infinity);
  return clients * (warmUpConnections + Math.min(connections ?? Infinity, inMinute, inTime));
}

/** The ports of this network namespace for outgoing connections (ip_local_port_range(5), without reserved ones). */
export function localPorts(): number {
  const [low, high] = (sysctl("ip_local_port_range") ?? "").split(/\s+/).map(Number);
  if (!low || !high) return Infinity;
  const reserved = (sysctl("ip_local_reserved_ports") ?? "").trim().split(",").filter(Boolean)
    .map((range) => range.split("-").map(Number))
    .map(([first, last = first]) => Math.min(last!, high) - Math.max(first!, low) + 1);
  return high - low + 1 - reserved.reduce((sum, count) => sum + Math.max(0, count), 0);
}

/** More would be more than one can use. */
const MOST_SOURCES = 100_000;

/**
 * How many source addresses a load needs to a server in 127.0.0.0/8; 0: the usual one has ports enough, of which
 * some may be in use. Each is half used: beyond that the kernel searches longer for a free port.
 */
export function sourcesFor(load: Connections, used = 0): number {
  const [needed, ports] = [portsOf(load), localPorts()];
  if (needed + used <= ports) return 0;
  return Math.min(Math.ceil(2 * needed / ports), MOST_SOURCES);
}

/**
 * Whether ports to that address never run out: there are other sources, or the kernel takes those in TIME_WAIT
 * again after a second (tcp_tw_reuse: 1 for every destination, 2 for loopback).
 */
export function hasPorts(address: SocketAddress): boolean {
  if (isIPv4Loopback(address)) return true;
  const reuse = sysctl("tcp_timestamps")?.trim() === "0" ? "0" : sysctl("tcp_tw_reuse")?.trim();
  return reuse === "1" || reuse === "2" && isLoopback(address);
}

/** Ports that can be made local ports, those of servers excepted. */
const WIDEST_RANGE = 65_535 - 1024;

/**
 * How many source addresses a load needs to that server now. Of a name's addresses one with ports is enough.
 *
 * @throws {UnsupportedError} if there are too few ports.
 * @throws {AddressError} if the host is unknown.
 */
export function requirePorts(load: Connections, host: string, port: number): number {
  const addresses = internetAddresses(host, port);
  const used = Math.max(...addresses.map(tcpSocketsTo));
  const [needed, ports] = [portsOf(load), localPorts()];
  const missing = needed + used - ports;
  // How many connections there will be in a time nobody knows.
  if (missing <= 0 || load.connections === null || addresses.some(hasPorts)) {
    return sourcesFor(load, used);
  }
  const mend = needed + used <= WIDEST_RANGE
    ? `ip_local_port_range="1024 65535"`
    : "tcp_tw_reuse=1 net.ipv4.tcp_timestamps=1";
  throw new UnsupportedError(
    `Cannot connect ${needed} times to ${addressText({ host, port })}: of ${ports} local ports ` +
      `${used} are in use or were a minute ago, and ${missing} are missing; ` +
      `write sysctl -w net.ipv4.${mend}, or make fewer connections`,
  );
}

function sysctl(name: string): string | undefined {
  return tryReadText(`/proc/sys/net/ipv4/${name}`);
}
