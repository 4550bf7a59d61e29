/**
 * The version of Deno that Herd needs. An older one cannot load all of its modules: `herd.ts` asks before it
 * loads a command.
 *
 * @module
 */
import { UnsupportedError } from "../../servers/errors.ts";

const [MAJOR, MINOR] = [2, 9];

/** @throws {UnsupportedError} if this Deno is too old. */
export function requireDeno(version = Deno.version.deno): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return;
  throw new UnsupportedError(
    `Cannot run on Deno ${version}: Herd needs Deno ${MAJOR}.${MINOR} or newer; write deno upgrade`,
  );
}
