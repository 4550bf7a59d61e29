/** The published run: everything in its folder follows from its record. */
import { assertEquals } from "@std/assert";
import { ROOT, runTask, TemporaryFolder } from "../clients/testing.ts";

const REFERENCE = `${ROOT}results/reference`;
const RECORD = ["run.json", "trials.jsonl"];

const isRecorded = exists(REFERENCE);
const reason = isRecorded ? "" : " (skipped: results/reference/ is not recorded yet)";

Deno.test({
  name: `tables results/reference reproduces every derived file, byte for byte${reason}`,
  ignore: !isRecorded,
  fn: async () => {
    using folder = new TemporaryFolder();
    for (const name of RECORD) Deno.copyFileSync(`${REFERENCE}/${name}`, `${folder.path}/${name}`);
    const { code, stderr } = await runTask("tables", folder.path);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    for (const name of folder.names) {
      const [published, derived] = [REFERENCE, folder.path].map((at) =>
        Deno.readTextFileSync(`${at}/${name}`)
      );
      assertEquals(derived === published, true, `${name} differs from the published one`);
    }
  },
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
