import { assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import { closing, evaluate, waitFor } from "../testing/fork.ts";
import { closeAllBut, pipe } from "./descriptors.ts";
import { SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { affinity } from "./processes.ts";
import { exec, spawn } from "./programs.ts";

/** What a program writes to a descriptor it inherits, and its exit code. */
function outputOf(start: (input: number) => number): { text: string; code: number | undefined } {
  const [output, input] = pipe();
  using _ = closing(output);
  const pid = start(input);
  close(input);
  const buffer = new Uint8Array(65536);
  const text = new TextDecoder().decode(buffer.subarray(0, read(output, buffer)));
  return { text, code: waitFor(pid).code };
}

const shell = (script: string, args: string[] = [], descriptors: number[] = []) =>
  spawn("/bin/sh", ["-c", script, ...args], descriptors);

Deno.test("spawn() starts a program with the inherited descriptors", () => {
  const hi = outputOf((input) => shell(`echo hi >/dev/fd/${input}; exit 7`, [], [input]));
  assertEquals(hi, { text: "hi\n", code: 7 });
});

Deno.test("spawn() passes no other descriptors", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const script = `test -e /dev/fd/${output} && echo output >/dev/fd/${input}
    test -e /dev/fd/${input} && exit 42`;
  const pid = shell(script, [], [input]);
  assertEquals(waitFor(pid).code, 42);
  write(input, new Uint8Array([1]), 1);
  // The byte just written is the first one.
  const byte = new Uint8Array(1);
  read(output, byte);
  assertEquals(byte[0], 1);
});

Deno.test("spawn() passes arguments unchanged", () => {
  const args = ["sh", "two words", "", "ü→\n"];
  const script = (fd: number) => `printf '%s|' "$@" >/dev/fd/${fd}`;
  assertEquals(outputOf((fd) => shell(script(fd), args, [fd])).text, "two words||ü→\n|");
});

Deno.test("spawn() passes the environment", () => {
  const script = (fd: number) => `cat /proc/$$/environ >/dev/fd/${fd}`;
  const { text } = outputOf((fd) => shell(script(fd), [], [fd]));
  const passed = new Set(text.split("\0"));
  const missing = readText("/proc/self/environ").split("\0").filter((line) => !passed.has(line));
  assertEquals(missing.map((line) => line.split("=")[0]), []);
});

Deno.test("spawn() names a program that does not exist", () => {
  const { call, code, message } = assertThrows(() => spawn("/none", []), SystemError);
  assertEquals({ call, code }, { call: "posix_spawn", code: "ENOENT" });
  assertNotEquals(message.indexOf("Cannot start /none"), -1);
});

/** Forks a child that becomes a shell with these descriptors, from 3 on. */
const become = (script: string, args: string[], descriptors: number[]) =>
  fork(() => exec("/bin/sh", ["-c", script, ...args], descriptors));

Deno.test("exec() replaces the program and passes arguments", () => {
  const args = ["sh", "two words", "", "ü→\n"];
  const said = outputOf((fd) => become(`printf '%s|' "$$" "$@" >&3; exit 7`, args, [fd]));
  const [pid, ...rest] = said.text.split("|");
  assertGreater(Number(pid), 0);
  assertEquals([rest, said.code], [[...args.slice(1), ""], 7]);
});

Deno.test("exec() renumbers descriptors of any number", () => {
  const pipes = Array.from({ length: 4 }, pipe);
  using _ = closing(...pipes.flat());
  // Several of them have the target number of another one.
  const inputs = pipes.map(([, input]) => input);
  const script = "for fd in 3 4 5 6; do printf $fd >/dev/fd/$fd; done";
  for (const order of [inputs, inputs.toReversed()]) {
    const pid = fork(() => {
      // In a process with nothing else the numbers from 3 on are in use.
      closeAllBut(order);
      const moved = order.map(() => pipe()[0]);
      assertEquals(moved[0], 3);
      exec("/bin/sh", ["-c", script], order);
    });
    assertEquals(waitFor(pid).code, 0);
    const byte = new Uint8Array(1);
    const read1 = ([output]: [number, number]) => (read(output, byte), byte[0]! - 48);
    const numbers = pipes.map(read1);
    assertEquals(numbers, order === inputs ? [3, 4, 5, 6] : [6, 5, 4, 3]);
  }
});

Deno.test("exec() swaps two descriptors", () => {
  const said = outputOf((fd) =>
    fork(() => {
      closeAllBut([fd]);
      const [three, four] = pipe();
      assertEquals([three, four], [3, 4]);
      write(four, new TextEncoder().encode("swapped\n"), 8);
      exec("/bin/sh", ["-c", `head -n 1 <&4 >&5`], [four, three, fd]);
    })
  );
  assertEquals(said, { text: "swapped\n", code: 0 });
});

Deno.test("exec() passes no other descriptors", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const { text } = outputOf((fd) => become("echo /proc/$$/fd/* >&3", [], [fd]));
  const numbers = text.trim().split(" ").map((path) => Number(path.split("/").at(-1)));
  assertEquals(numbers.filter((fd) => fd <= 3), [0, 1, 2, 3]);
  assertEquals(numbers.filter((fd) => fd === output || fd === input), []);
});

Deno.test("exec() keeps affinity and parent-death signal", async () => {
  const [processor] = affinity();
  const { stdout } = await evaluate(`
    import { fork } from "./posix/fork.ts";
    import { dieWithParent, waitForExit, getpid, kill, setAffinity, wait } from "./posix/processes.ts";
    import { readText } from "./posix/files.ts";
    import { pipe } from "./posix/descriptors.ts";
    import { read } from "./posix/io.ts";
    import { exec } from "./posix/programs.ts";
    const [output, input] = pipe();
    const parent = fork(() => {
      const pid = getpid();
      const child = fork(() => {
        dieWithParent(pid, 9);
        setAffinity([${processor}]);
        exec("/bin/sh", ["-c", "echo $$ >&3; exec sleep 10"], [input]);
      });
      wait(child);
    });
    const bytes = new Uint8Array(16);
    const child = parseInt(new TextDecoder().decode(bytes.subarray(0, read(output, bytes))));
    console.log(readText("/proc/" + child + "/status").match(/Cpus_allowed_list:\\s+(.*)/)[1]);
    kill(parent, 9);
    wait(parent);
    console.log(waitForExit(child, 5000));
  `);
  assertEquals(stdout, `${processor}\ntrue\n`);
});

Deno.test("exec() names a program that does not exist", () => {
  const [output, input] = pipe();
  using _ = closing(output);
  const pid = fork(() => {
    try {
      exec("/none", []);
    } catch (error) {
      const text = new TextEncoder().encode((error as SystemError).message);
      write(input, text, text.length);
    }
  });
  close(input);
  assertEquals(waitFor(pid).code, 0);
  const bytes = new Uint8Array(200);
  const message = new TextDecoder().decode(bytes.subarray(0, read(output, bytes)));
  assertEquals(message.split(" (")[0], "Cannot start /none: execve failed with ENOENT");
});
