/**
 * The model of a processor in /proc/cpuinfo. arm64 gives numbers in place of a name.
 *
 * @module
 */

/** Implementers of arm64 processors, and their parts (MIDR_EL1; arch/arm64/include/asm/cputype.h of Linux). */
const ARM64: Readonly<Record<string, readonly [name: string, parts: Record<string, string>]>> = {
  "0x41": ["Arm", {
    "0xd03": "Cortex-A53",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77",
    "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78",
    "0xd44": "Cortex-X1",
    "0xd46": "Cortex-A510",
    "0xd47": "Cortex-A710",
    "0xd48": "Cortex-X2",
    "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
    "0xd84": "Neoverse-V3",
    "0xd8e": "Neoverse-N3",
  }],
  "0x43": ["Cavium", { "0x0a1": "ThunderX", "0x0af": "ThunderX2" }],
  "0x46": ["Fujitsu", { "0x001": "A64FX" }],
  "0x48": ["HiSilicon", { "0xd01": "TaiShan v110" }],
  "0x4e": ["NVIDIA", { "0x004": "Carmel" }],
  "0x51": ["Qualcomm", {}],
  "0x61": ["Apple", {}],
  "0xc0": ["Ampere", { "0xac3": "Ampere-1", "0xac4": "Ampere-1A" }],
};

/** The model, or the models of a machine with several kinds of processors; null: it is not named. */
export function processorModel(cpuinfo: string): string | null {
  const field = (name: string, text: string) =>
    text.match(new RegExp(`^${name}\\s*:\\s*(.*)$`, "m"))?.[1];
  const named = field("model name", cpuinfo);
  if (named !== undefined) return named;
  const models = cpuinfo.split(/\n\n+/).flatMap((processor) => {
    const [implementer, part] = ["CPU implementer", "CPU part"].map((name) =>
      field(name, processor)?.toLowerCase()
    );
    if (implementer === undefined || part === undefined) return [];
    const [name, parts] = ARM64[implementer] ?? [`implementer ${implementer}`, {}];
    return [`${name} ${parts[part] ?? `part ${part}`}`];
  });
  return models.length === 0 ? null : [...new Set(models)].join(" + ");
}
