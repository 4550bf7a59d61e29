/**
 * The lines between Herd and `host_main.ts` on another machine. Where an engine gives every host the same input, a
 * request says whose it is.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import type { Counters } from "../machine/counters.ts";
import { Environment } from "../record/record.ts";

/** A request; `to`: the id of the host that it is for; without it: every host. */
export type HostRequest =
  & { readonly to?: string | undefined }
  & (
    /** Asks for a `pong` at once. */
    | { readonly ping: number }
    /** Starts a program, a file of the sources that were sent. */
    | { readonly start: string }
    /** Writes a line to that program. */
    | { readonly line: object }
    | { readonly signal: Deno.Signal }
    /** Asks for the counters of these processors; null: of those that it may use. */
    | { readonly counters: readonly number[] | null }
  );

/** Events of a host, beside those of the program that it started. */
export const HostLine = z.discriminatedUnion("event", [
  /** It cannot run Herd; without a message: it has no Deno. */
  z.object({
    event: z.literal("refused"),
    host: z.string(),
    message: z.string().optional(),
  }),
  /** It runs these sources. `id`: another one for each process; `host`: what it calls itself, or `-`. */
  z.object({
    event: z.literal("hello"),
    host: z.string(),
    id: z.string(),
    hash: z.string(),
    environment: Environment,
  }),
  /** `at`: nanoseconds of its monotonic clock. */
  z.object({ event: z.literal("pong"), ping: z.number(), at: z.number() }),
  z.object({
    event: z.literal("counted"),
    counters: z.custom<Counters>((value) => value instanceof Object),
  }),
  /** The program has ended. */
  z.object({
    event: z.literal("ended"),
    success: z.boolean(),
    code: z.number(),
    signal: z.string().nullable(),
    stderr: z.string(),
  }),
]);

export type HostEvent = z.infer<typeof HostLine>;
