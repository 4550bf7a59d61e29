import { assert, assertEquals } from "@std/assert";
import { closing, inChild } from "../testing/fork.ts";
import { pipe } from "./descriptors.ts";
import { read } from "./io.ts";
import {
  createThreadExitKey,
  deleteThreadExitKey,
  Priority,
  setThreadPriority,
  threadPriority,
} from "./threads.ts";

const PROGRAM = `
  import { closeOnThreadExit } from "${import.meta.resolve("./threads.ts")}";

  self.onmessage = ({ data: { key, descriptor, close } }) => {
    closeOnThreadExit(key, descriptor);
    self.postMessage("ready");
    if (close) self.close();
  };
`;

for (const how of ["closed itself", "was terminated"]) {
  Deno.test(`closeOnThreadExit() closes the descriptor of a thread that ${how}`, async () => {
    const key = createThreadExitKey();
    const [output, input] = pipe();
    using _ = closing(output);
    const url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    const close = how === "closed itself";
    await new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage({ key, descriptor: input, close });
    });
    if (!close) worker.terminate();
    assertEquals(read(output, new Uint8Array(1)), 0); // at end of file
    deleteThreadExitKey(key);
    URL.revokeObjectURL(url);
  });
}

Deno.test("setThreadPriority() may always lower the priority", () => {
  const lower = threadPriority() - 3;
  assertEquals(inChild(() => setThreadPriority(lower) ? threadPriority() : 0).code, lower);
});

Deno.test("setThreadPriority() sets any priority, or returns false and changes nothing", () => {
  for (const priority of [Priority.highest, Priority.normal, Priority.lowest, 41, 40]) {
    const [yes, no, wrong] = [1, 2, 3];
    const { code } = inChild(() => {
      const before = threadPriority();
      const isSet = setThreadPriority(priority);
      if (threadPriority() !== (isSet ? priority : before)) return wrong;
      return isSet ? yes : no;
    });
    const mayRefuse = priority > Priority.normal;
    assert(code === yes || code === no && mayRefuse, `priority ${priority}: ${code}`);
  }
});
