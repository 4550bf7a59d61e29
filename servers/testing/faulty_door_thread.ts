/**
 * A thread of the door server that dies where a client asks it to.
 *
 * @module
 */
import serve from "../children/door_worker_main.ts";
import type { DoorResult } from "../ipc/door/mod.ts";

/** The request for it. */
export const DIE = "die\n";

/** The procedure of the door server; at `DIE` its thread throws in the middle of the call. */
export default function call(
  cookie: unknown,
  data: Uint8Array<ArrayBuffer>,
): DoorResult | Promise<DoorResult> {
  if (new TextDecoder().decode(data) !== DIE) return serve(cookie, data);
  setTimeout(() => {
    throw new Error("thrown as ordered");
  });
  return new Promise(() => {});
}
