/**
 * The server program, with another listing: the option `listing` is its URL.
 *
 * @module
 */
import { requireDesign } from "../designs.ts";
import { serve } from "../host/main.ts";
import type { ServerOptions } from "../host/protocol.ts";
import { readOptions, runProgram } from "../host/standard_streams.ts";

Deno.exit(
  await runProgram(() => {
    const { listing, ...options } = readOptions<ServerOptions & { readonly listing: string }>();
    return serve({ ...requireDesign(options.design), listing }, options);
  }),
);
