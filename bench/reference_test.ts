/** The published run: everything in its folder follows from its record. */
import { assert, assertEquals } from "@std/assert";
import { TemporaryFolder } from "../servers/testing/folder.ts";
import { isLong } from "../servers/testing/long.ts";
import { ROOT } from "../servers/testing/process.ts";
import { runTask } from "../servers/testing/task.ts";

const REFERENCE = `${ROOT}results/reference`;
const RECORD = ["run.json", "trials.jsonl"];

const reason = " (skipped: results/reference/ is not recorded yet)";

/** The folders of recorded runs in a folder, itself included. */
function recordedIn(folder: string): string[] {
  const entries = exists(folder) ? [...Deno.readDirSync(folder)] : [];
  const inside = entries.filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name }) => recordedIn(`${folder}/${name}`));
  return entries.some(({ name }) => name === "run.json") ? [folder, ...inside] : inside;
}

/** In the gate one run of a kind: of designs, a sweep, one with external servers, one over hosts. */
const runs = recordedIn(REFERENCE).filter((run) =>
  isLong || /(reference|sweep|bytes|one)$/.test(run)
);

Deno.test({
  name: `tables results/reference reproduces every derived file, byte for byte${
    runs.length > 0 ? "" : reason
  }`,
  ignore: runs.length === 0,
  fn: async () => {
    for (const run of runs) {
      using folder = new TemporaryFolder();
      for (const name of RECORD) Deno.copyFileSync(`${run}/${name}`, `${folder.path}/${name}`);
      const { code, stderr } = await runTask("tables", folder.path);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      for (const name of folder.names) {
        const [published, derived] = [run, folder.path].map((at) =>
          Deno.readTextFileSync(`${at}/${name}`)
        );
        assert(derived === published, `${run}/${name} is not what follows from its record`);
      }
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
