/**
 * What names the worker in a reply: a header, or a pattern.
 *
 * @module
 */
import type { ServiceName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";

/**
 * The regular expression that finds the name, from what a user writes: `X-Worker`, or `/worker (\\d+)/`. Lines and the
 * case of letters are as in a head of HTTP.
 *
 * @throws {UsageError} for what is neither.
 */
export function workerPatternOf(text: string): string {
  const pattern = text.match(/^\/(.+)\/$/)?.[1];
  if (pattern === undefined) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(text)) {
      return `^${RegExp.escape(text)}:[ \\t]*([^\\r\\n]*?)[ \\t]*\\r?$`;
    }
    throw new UsageError(
      `Cannot read --worker-header: current value is "${text}"; write the name of a header, or a pattern between slashes`,
    );
  }
  try {
    new RegExp(pattern, "im");
  } catch (error) {
    throw new UsageError(`Cannot read --worker-header: ${(error as Error).message}`);
  }
  return pattern;
}

/** @throws {UsageError} if replies of the service name nobody, or nothing says who names a worker. */
export function requireNaming(
  { workerHeader, workersBy, service }: {
    readonly workerHeader: string | null;
    readonly workersBy: readonly string[];
    readonly service: ServiceName;
  },
): void {
  if (workersBy.includes("header") && workerHeader === null) {
    throw new UsageError("Cannot count workers by header without its name: write --worker-header");
  }
  if (workerHeader === null) return;
  workerPatternOf(workerHeader);
  if (service === "http") return;
  throw new UsageError(`Cannot read headers of the service ${service}`, { option: "service" });
}
