/**
 * The services by name.
 *
 * @module
 */
import type { ServiceName } from "../design.ts";
import type { Service } from "./service.ts";

/** The services, loaded on use: what a process has loaded is copied to its children. */
export const services = {
  bytes: async () => (await import("./bytes.ts")).service,
  http: async () => (await import("./http.ts")).service,
} as const satisfies Record<ServiceName, () => Promise<Service>>;

/** The names of all services. */
export const SERVICE_NAMES = Object.keys(services) as [ServiceName, ...ServiceName[]];

/** Whether there is a service of that name. */
export function isService(name: string): name is ServiceName {
  return Object.hasOwn(services, name);
}
