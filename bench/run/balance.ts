/**
 * Whether a trial adds up: no connection and no CPU time is missing.
 *
 * @module
 */
import type { OtherAccount } from "../../servers/host/snapshot.ts";
import type { Check, Client, Trial } from "../record/record.ts";

/** What to allow for. */
export interface Allowances {
  /** Whether there are no other connections in the kernel's counters. */
  readonly isAlone?: boolean;
  /** Why children died. */
  readonly deaths?: readonly string[];
  /** Seconds after which clients make no further connections. */
  readonly limitSeconds?: number;
}

/**
 * The reason a trial does not count, or null: all requested connections must have been served, or those that
 * the clients made within their time.
 */
export function imbalance(
  { load }: Pick<Trial, "load">,
  { children, client, kernel }: Pick<Trial, "children" | "client" | "kernel">,
  { isAlone = false, deaths = [], limitSeconds = Infinity }: Allowances = {},
): string | null {
  const { connections, requests, errors: failed, wallSeconds } = client!;
  const isLimited = wallSeconds >= limitSeconds && connections > 0;
  const wanted = isLimited ? connections : load.clients * load.connections;
  const errors = errorTexts(client!);
  // Nobody knows what each process of an external server served, or the connections of Deno.serve.
  const isKnown = (count: "connections" | "requests") =>
    children.every((child) => child[count] !== null);
  const over = (count: "connections" | "requests" | "lost" | "rejected") =>
    sum(children.map((child) => child[count] ?? 0));
  const died = over("lost") === 0 ? undefined : deathsText(over("lost"), deaths[0]);
  if (errors.length > 0) {
    const made = connections + sum(Object.values(failed));
    const stopped = load.duration === 0 && made < wanted
      ? `they stopped after ${made} connections of ${wanted}`
      : [];
    return [`the clients had errors: ${errors.join(", ")}`, stopped, died ?? []].flat().join("; ");
  }
  const short = isLimited ? undefined : shortHost(client!, load);
  if (short !== undefined) return short;
  if (connections !== wanted) {
    return `the clients made ${connections} connections of ${wanted}`;
  }
  if (isKnown("connections") && over("connections") !== wanted) {
    return `the children served ${over("connections")} connections, the clients made ${wanted}`;
  }
  if (died) return died;
  const asked = isLimited ? requests : wanted * load.requests;
  if (requests !== asked) return `the clients made ${requests} requests of ${asked}`;
  if (isKnown("requests") && over("requests") !== asked) {
    return `the children served ${over("requests")} requests, the clients made ${asked}`;
  }
  if (over("rejected") > 0) return `${over("rejected")} requests were refused`;
  const { passiveOpens } = kernel;
  // Outside a namespace of our own there may be other connections.
  if (passiveOpens !== null && (isAlone ? passiveOpens !== wanted : passiveOpens < wanted)) {
    return `the kernel counted ${passiveOpens} connections, the clients made ${wanted}`;
  }
  return null;
}

/** The errors of clients by kind; of several hosts, by host. */
function errorTexts({ errors, hosts }: Client): string[] {
  const texts = (errors: Client["errors"], where = "") =>
    Object.entries(errors).map(([kind, count]) => `${count} × ${kind}${where}`);
  return hosts === null
    ? texts(errors)
    : hosts.flatMap(({ host, errors }) => texts(errors, ` on ${host}`));
}

/** The host whose clients made fewer connections than they should have, if there is one. */
function shortHost({ hosts }: Client, load: Trial["load"]): string | undefined {
  const short = hosts?.find((host) => host.connections !== host.clients * load.connections);
  return short &&
    `the clients of ${short.host} made ${short.connections} connections of ${
      short.clients * load.connections
    }`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function deathsText(count: number, reason?: string): string {
  const died = count === 1 ? "1 child died" : `${count} children died`;
  return reason === undefined ? died : `${died}: ${reason}`;
}

/** The relative difference allowed between two accounts of the same CPU time. */
const TOLERANCE = 0.02;

/** Below this CPU time, the time between reading the two accounts matters. */
const LEAST_SECONDS = 0.1;

/** Compares our account of a server's CPU seconds with another one. */
export function checkAccount(ours: number, { source, cpuSeconds }: OtherAccount): Check {
  const theirs = Math.max(0, cpuSeconds);
  const difference = theirs > 0 ? ours / theirs - 1 : null;
  const isEnough = Math.max(ours, theirs) >= LEAST_SECONDS;
  const agrees = isEnough ? difference !== null && Math.abs(difference) <= TOLERANCE : null;
  return { source, cpuSeconds: theirs, difference, agrees };
}
