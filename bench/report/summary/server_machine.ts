/**
 * Which machine the figures of a run are of.
 *
 * @module
 */
import type { Environment, Run } from "../../record/types.ts";

/** The machine of the servers. */
export function serverMachine({ hosts, environment }: Run): Environment {
  return hosts.find(({ part }) => part === "server")?.environment ?? environment;
}
