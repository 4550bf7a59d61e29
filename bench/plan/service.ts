/**
 * Which service can be asked for over which transport.
 *
 * @module
 */
import type { ServiceName, TransportName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";

/** Whether a transport carries one message each way. */
export function isMessages(transport: TransportName | undefined): boolean {
  return transport === "door" || transport === "channel";
}

/**
 * Doors and channels carry one message each way: the book's line and its bytes.
 *
 * @throws {UsageError} for another service, or several requests on a connection.
 */
export function requireService(
  transport: TransportName | undefined,
  { service = "bytes", requests = 1 }: {
    readonly service?: ServiceName | undefined;
    readonly requests?: number | undefined;
  },
): void {
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
}
