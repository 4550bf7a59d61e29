import { assert, assertEquals } from "@std/assert";
import type { ServerSample } from "../machine/running.ts";
import { processLines } from "./watch_processes.ts";

const nothing = { connections: 0, connectionsInAll: 0, open: 0, cpuSeconds: 0 };
const sample: ServerSample = {
  seconds: 2,
  waiting: 3,
  processes: [
    { ...nothing, pid: 7, name: "nginx", memoryBytes: 2 ** 20 },
    {
      ...nothing,
      pid: 8,
      name: "nginx",
      connections: 200,
      open: 5,
      cpuSeconds: 1,
      memoryBytes: null,
    },
    {
      ...nothing,
      pid: 9,
      name: "nginx",
      connections: 100,
      open: 1,
      cpuSeconds: 0.5,
      memoryBytes: 0,
    },
  ],
};

Deno.test("processLines() draws a line for each process, with rates and shares of the time between samples", () => {
  assertEquals(processLines("nginx", sample, 69).map((line) => line.trimEnd()), [
    "nginx",
    "150 connections a second, 6 open, CPU 75 %, 1.0 MiB; 3 wait for accept",
    "",
    "process name         open conn./s            CPU %                MiB",
    "      7 nginx           0       0                0                1.0",
    "      8 nginx           5     100 █████████     50 █████████        –",
    "      9 nginx           1      50 ████▌         25 ████▌          0.0",
  ]);
});

Deno.test("processLines() has a dash for what is not known, and fits a narrow terminal", () => {
  const unknown = sample.processes.map((one) => ({ ...one, connections: null, open: null }));
  const lines = processLines("nginx", { ...sample, waiting: 0, processes: unknown }, 20);
  assertEquals(lines[1], "CPU 75 %, 1.0 MiB");
  assert(lines[4]!.includes("   –       –"), lines[4]);
  assert(lines.slice(2).every((line) => line.length <= 59));
});
