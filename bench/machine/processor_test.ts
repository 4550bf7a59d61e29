import { assertEquals } from "@std/assert";
import { tryReadText } from "../../servers/posix/files.ts";
import { processorModel } from "./processor.ts";

/** A processor in the cpuinfo of arm64. */
const arm64 = (index: number, implementer: string, part: string) =>
  `processor\t: ${index}
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc
CPU implementer\t: ${implementer}
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: ${part}
CPU revision\t: 1
`;

Deno.test("processorModel() is the name that x86-64 gives", () => {
  const text = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 9R14\nstepping\t: 1\n";
  assertEquals(processorModel(`${text}\n${text}`), "AMD EPYC 9R14");
});

Deno.test("processorModel() names the implementer and part of arm64", () => {
  const server = [0, 1].map((index) => arm64(index, "0x41", "0xd0c")).join("\n");
  assertEquals(processorModel(server), "Arm Neoverse-N1");
  const board = [arm64(0, "0x41", "0xd05"), arm64(1, "0x41", "0xd0b")].join("\n");
  assertEquals(processorModel(board), "Arm Cortex-A55 + Arm Cortex-A76");
  assertEquals(processorModel(arm64(0, "0x61", "0x022")), "Apple part 0x022");
  assertEquals(processorModel(arm64(0, "0x99", "0xABC")), "implementer 0x99 part 0xabc");
  assertEquals(processorModel(""), null);
});

Deno.test({
  name: "processorModel() names this machine's processor (ignored without /proc/cpuinfo)",
  ignore: tryReadText("/proc/cpuinfo") === undefined,
  fn: () => assertEquals(typeof processorModel(tryReadText("/proc/cpuinfo")!), "string"),
});
