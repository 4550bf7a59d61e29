import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { commandOf, engines, hostsOf, labelled, viaOf } from "./engines.ts";

Deno.test("hostsOf() parses lists and ranges in brackets, and keeps leading zeros", () => {
  const cases = {
    "a": ["a"],
    "a,b,c[1-3]": ["a", "b", "c1", "c2", "c3"],
    "node[08-10,20]": ["node08", "node09", "node10", "node20"],
    "r[1-2]n[1-2].x": ["r1n1.x", "r1n2.x", "r2n1.x", "r2n2.x"],
    "me@10.0.0.1,host-2": ["me@10.0.0.1", "host-2"],
  };
  for (const [text, names] of Object.entries(cases)) assertEquals(hostsOf(text), names, text);
});

Deno.test("hostsOf() refuses what is no list, an option, a shell's characters, and a host twice", () => {
  const odd = ["", ",", "a,,b", "a,", "-a", "a b", "a;b", "$(x)", "a'b", "c[3-1]", "c[1-", "c[x]"];
  for (const text of odd) assertThrows(() => hostsOf(text), UsageError, "Cannot read", text);
  assertThrows(() => hostsOf("c[1-3],c2"), UsageError, "Cannot use the host c2 twice");
  assertThrows(() => hostsOf("c[1-9999]"), UsageError, "the most are 1024");
});

const filling = { hosts: ["a", "b"], id: "herd-1", script: 'deno "{self}"' };

Deno.test("commandOf() fills in hosts, the user's options and the script", () => {
  const ssh = commandOf(viaOf("ssh -p 2222"), { ...filling, hosts: ["a"] });
  assertEquals(ssh[0], "ssh");
  assertEquals(ssh.slice(-4), ["-p", "2222", "a", `exec sh -c 'deno "-"'`]);
  const clush = commandOf(viaOf("clush"), filling);
  assertEquals(clush.slice(-2), ["-wa,b", `exec sh -c 'deno "-"'`]);
  assertEquals(clush.includes("-f2"), true);
  const srun = commandOf(viaOf(" srun  -p  debug "), filling);
  assertEquals(srun, [
    "srun",
    "--label",
    "--job-name=herd-1",
    "--nodelist=a,b",
    "--nodes=2",
    "--ntasks=2",
    "--ntasks-per-node=1",
    "-p",
    "debug",
    "sh",
    "-c",
    'deno "$SLURMD_NODENAME"',
  ]);
  assertEquals(commandOf(viaOf("srun"), filling, engines.srun.cancel), [
    "scancel",
    "--quiet",
    "--name=herd-1",
  ]);
});

Deno.test("viaOf() refuses an unknown engine", () => {
  assertThrows(() => viaOf("shh"), UsageError, 'Unknown engine "shh": did you mean ssh?');
  assertThrows(() => viaOf(""), UsageError, "write one of ssh, clush, srun");
});

Deno.test("labelled() tells whose line it is", () => {
  assertEquals(labelled(engines.ssh, "h1: {}"), { label: "", line: "h1: {}" });
  assertEquals(labelled(engines.clush, 'h1: {"a":"b: c"}'), { label: "h1", line: '{"a":"b: c"}' });
  assertEquals(labelled(engines.srun, " 3: +x"), { label: "3", line: "+x" });
  assertEquals(labelled(engines.srun, "srun: job 5 queued"), { label: "", line: "" });
});
