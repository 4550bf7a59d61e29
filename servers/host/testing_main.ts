/**
 * The server program, with another listing: the option `listing` is its URL.
 *
 * @module
 */
import { requireDesign } from "../designs.ts";
import { serve } from "./main.ts";
import type { ServerOptions } from "./protocol.ts";
import { readOptions, runProgram } from "./standard_streams.ts";

Deno.exit(
  await runProgram(() => {
    const { listing, ...options } = readOptions<ServerOptions & { readonly listing: string }>();
    return serve({ ...requireDesign(options.design), listing }, options);
  }),
);
