import { assert, assertEquals, assertRejects } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { RecordError } from "../../servers/errors.ts";
import { deriveFiles } from "./derive.ts";
import { writeDerived } from "./files.ts";
import { record, rounds } from "./testing_fixture.ts";
import { reportData } from "./summary/report_data.ts";

const data = await reportData(record([
  ...rounds("iterative", [0.1, 0.11]),
  ...rounds("prefork-shared-accept", [0.2, 0.21], { children: [600, 400] }),
]));

Deno.test("writeDerived() writes every derived file, and the same bytes again", async () => {
  using folder = new TemporaryFolder();
  const files = await deriveFiles(data);
  for (let time = 1; time <= 2; time++) {
    await writeDerived(folder.path, data);
    assertEquals(folder.names, [...files.keys()].toSorted());
    for (const [name, content] of files) {
      assertEquals(Deno.readTextFileSync(`${folder.path}/${name}`), content, `time ${time}`);
      assert(content.length > 0, name);
    }
  }
});

Deno.test("writeDerived() names the file it cannot write", async () => {
  using folder = new TemporaryFolder();
  const [name] = (await deriveFiles(data)).keys();
  Deno.mkdirSync(`${folder.path}/${name}`);
  const expected = `Cannot write ${folder.path}/${name}`;
  await assertRejects(() => writeDerived(folder.path, data), RecordError, expected);
});
