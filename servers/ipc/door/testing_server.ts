/**
 * The server of the tests: a door at a path, until standard input ends. Its lines are commands.
 *
 * @module
 */
import { doorCreate, doorInfo, doorRevoke, doorServerCreate, fattach, fdetach } from "./mod.ts";
import type { TestServerOptions } from "./testing.ts";

const { path, attributes, threads }: TestServerOptions & { path: string } = JSON.parse(
  Deno.args[0]!,
);

if (threads !== undefined) {
  let left = threads;
  doorServerCreate(() =>
    left-- > 0
      ? new Worker(new URL("./testing_thread.ts", import.meta.url), { type: "module" })
      : undefined
  );
}
const cookie = { inside: new SharedArrayBuffer(4) };
const door = await doorCreate(
  new URL("./testing_procedure.ts", import.meta.url),
  cookie,
  attributes,
);
fattach(door, path);
console.log("ready");

const commands: Record<string, () => unknown> = {
  revoke: () => doorRevoke(door),
  attach: () => fattach(door, path),
  detach: () => fdetach(path),
  inside: () => console.log(new Int32Array(cookie.inside)[0]),
  info: () => console.log(JSON.stringify(doorInfo(door))),
};
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const command of chunk.trim().split("\n")) {
    await commands[command]!();
    console.log(`done: ${command}`);
  }
}
Deno.exit(0);
