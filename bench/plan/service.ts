/**
 * Which service can be asked for over which transport, and which loads there are.
 *
 * @module
 */
import type { Design, ServiceName, TransportName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";

/** Whether a transport carries one message each way. */
export function isMessages(transport: TransportName | undefined): boolean {
  return transport === "door" || transport === "channel";
}

/**
 * Doors and channels carry one message each way: the book's line and its bytes. Some designs have HTTP only.
 *
 * @throws {UsageError} for another service, several requests on a connection, or a rate; and for a load that is
 * none.
 */
export function requireService(
  { id, transport, isHttp }: Partial<Pick<Design, "id" | "transport" | "isHttp">>,
  { service = "bytes", requests = 1, ...load }: Load & {
    readonly service?: ServiceName | undefined;
    readonly requests?: number | undefined;
  },
): void {
  requireLoad(load);
  if (isHttp && service !== "http") {
    throw new UsageError(`Cannot serve ${service} with ${id}, which speaks HTTP only`, {
      option: "http",
    });
  }
  if (!isMessages(transport)) return;
  if (service !== "bytes") {
    throw new UsageError(`Cannot serve ${service} over a ${transport}, which carries messages`, {
      option: "service",
    });
  }
  if (requests > 1) {
    throw new UsageError(
      `Cannot send several requests on a connection over a ${transport}, which carries one`,
      { option: "requests" },
    );
  }
  if ((load.rate ?? 0) > 0) {
    throw new UsageError(`Cannot send requests at a rate over a ${transport}, which waits`, {
      option: "rate",
    });
  }
}

interface Load {
  readonly clients?: number | undefined;
  readonly think?: number | undefined;
  readonly rate?: number | undefined;
}

/** Clients that are processes, at most. */
export const MOST_PROCESSES = 1000;

function requireLoad({ clients = 1, think = 0, rate = 0 }: Load): void {
  if (rate > 0 && think > 0) {
    throw new UsageError("Cannot wait between connections that are due at a rate", {
      option: "think",
    });
  }
  if (rate === 0 && clients > MOST_PROCESSES) {
    throw new UsageError(
      `Cannot run ${clients} clients, each a process that waits for its replies: write --clients up to ` +
        `${MOST_PROCESSES}, or --rate, at which one process has that many connections`,
    );
  }
}
