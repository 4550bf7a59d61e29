import { assertEquals } from "@std/assert";
import { fork } from "../../servers/posix/fork.ts";
import { waitForExit } from "../../servers/posix/processes.ts";
import { waitFor } from "../../servers/testing/fork.ts";
import { attachTracer, perf, strace } from "./tracer.ts";

Deno.test("strace is attached once it follows all processes that have not ended", () => {
  const ended = fork(() => 0);
  waitForExit(ended, 1000);
  assertEquals(strace.isAttached([Deno.pid, ended], 0, ""), false);
  const output = `strace: Process ${Deno.pid} attached\n`;
  assertEquals(strace.isAttached([Deno.pid, ended], 0, output), true);
  waitFor(ended);
});

Deno.test("strace.parse() reads calls and errors, without the total", () => {
  const summary = `
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.05    0.004567           4      1000           read
 38.95    0.002914           5       500        12 accept4
  0.00    0.000000           0         1           rt_sigreturn
------ ----------- ----------- --------- --------- ----------------
100.00    0.007481           4      1501        12 total
`;
  assertEquals(strace.parse(summary), {
    read: { calls: 1000, errors: 0 },
    accept4: { calls: 500, errors: 12 },
    rt_sigreturn: { calls: 1, errors: 0 },
  });
});

Deno.test("perf.parse() adds up the threads", () => {
  const summary = `
 Summary of events:

 server (26856), 490 events, 49.0%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   read                  98      0    18.210     0.009     0.186     3.794     35.80%
   accept4               49      2     6.219     0.000     0.127     1.723     34.78%

 server (26857), 260 events, 26.0%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   read                  52      0    30.969     0.009     0.596     8.685     39.26%
`;
  assertEquals(perf.parse(summary), {
    read: { calls: 150, errors: 0 },
    accept4: { calls: 49, errors: 2 },
  });
});

Deno.test("attachTracer() has the tracer speak English, whatever the language of the user", async () => {
  const script = `trap exit INT; echo "$LC_ALL" >&2; while :; do sleep 0.01; done`;
  await using tracer = await attachTracer([], [{
    name: "sh",
    arguments: () => ["-c", script],
    isAttached: (_pids, _pid, output) => output.endsWith("\n"),
    parse: (summary) => ({ [summary.trim()]: { calls: 1, errors: 0 } }),
    advice: () => "",
  }]);
  assertEquals(Object.keys(await tracer.end()), ["C"]);
});
