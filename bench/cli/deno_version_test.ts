import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../servers/errors.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { ROOT, RunningProcess } from "../../servers/testing/process.ts";
import { requireDeno } from "./deno_version.ts";

Deno.test("requireDeno() takes this Deno and newer ones, and no older one", () => {
  for (const version of [Deno.version.deno, "2.9.0", "2.10.1", "3.0.0-rc.1"]) requireDeno(version);
  for (const version of ["1.46.3", "2.8.3"]) {
    assertThrows(() => requireDeno(version), UnsupportedError, `Cannot run on Deno ${version}: `);
  }
});

/** A version whose Deno lacks imports of texts, which the report needs. */
const OLD = "2.5.6";

/** Installs it into a folder; undefined where that cannot be done. */
async function installOld(folder: string): Promise<string | undefined> {
  await using npm = new RunningProcess(["npm", "install", "--prefix", folder, `deno@${OLD}`]);
  const { code } = await npm.ended();
  const arch = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  return code === 0 ? `${folder}/node_modules/@deno/linux-${arch}-glibc/deno` : undefined;
}

Deno.test({
  name: `Deno ${OLD} is told which one Herd needs (a long test)`,
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const old = await installOld(folder.path);
    if (old === undefined) {
      return console.warn("Skipping an older Deno: npm cannot install it here");
    }
    await using herd = new RunningProcess([old, "run", `${ROOT}bench/herd.ts`, "bench", "--quick"]);
    const { code, stderr } = await herd.ended();
    const line = `Cannot run on Deno ${OLD}: Herd needs Deno 2.9 or newer; write deno upgrade`;
    assertEquals([code, stderr.split("\n").at(-2)], [4, `herd: ${line}`]);
  },
});
