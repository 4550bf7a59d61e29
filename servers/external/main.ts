/**
 * The program that runs an external server. It speaks the same lines as the server program
 * (`../host/protocol.ts`), and answers no `counts`.
 *
 * @module
 */
import { run } from "../host/main.ts";
import { readOptions, runProgram } from "../host/standard_streams.ts";
import type { ExternalOptions } from "./external.ts";
import { ExternalServer } from "./server.ts";

if (import.meta.main) {
  Deno.exit(
    await runProgram(() => {
      const options = readOptions<ExternalOptions>();
      const { external: { name }, placement } = options;
      return run({ design: name, placement }, () => new ExternalServer(options));
    }),
  );
}
