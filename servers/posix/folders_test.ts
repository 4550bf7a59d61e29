import { assertEquals, assertThrows } from "@std/assert";
import { TemporaryFolder } from "../testing/folder.ts";
import { Errno, hasErrno } from "./errors.ts";
import { fileStatus, sizeOf } from "./files.ts";
import {
  isExecutable,
  makeFolder,
  openToAppend,
  removeAll,
  truncate,
  writeNewFile,
} from "./folders.ts";
import { close, write } from "./io.ts";

const bytes = new TextEncoder().encode("four");

Deno.test("removeAll() removes a folder with all in it, and does not mind that nothing is there", () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  makeFolder(path, 0o700);
  makeFolder(`${path}/b`, 0o755);
  writeNewFile(`${path}/b/c`, bytes);
  new Deno.Command("ln", { args: ["-s", "/etc", `${path}/link`] }).outputSync();
  assertEquals([...Deno.readDirSync(path)].length, 2);
  removeAll(path);
  assertEquals([folder.names, fileStatus("/etc/passwd") === undefined], [[], false]);
  removeAll(path);
});

Deno.test("makeFolder() and writeNewFile() set modes, and replace nothing", () => {
  using folder = new TemporaryFolder();
  const [path, file] = [`${folder.path}/a`, `${folder.path}/b`];
  makeFolder(path, 0o700);
  writeNewFile(file, bytes);
  assertEquals([path, file].map((one) => Deno.statSync(one).mode! & 0o777), [0o700, 0o644]);
  for (const again of [() => makeFolder(path, 0o700), () => writeNewFile(file, bytes)]) {
    assertEquals(hasErrno(assertThrows(again, Error), Errno.EEXIST), true);
  }
});

Deno.test("openToAppend() writes to the end, also of a file that was cut", () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const fd = openToAppend(path);
  write(fd, bytes, bytes.length);
  write(fd, bytes, bytes.length);
  truncate(fd, 2);
  write(fd, bytes, bytes.length);
  assertEquals([Deno.readTextFileSync(path), sizeOf(fd)], ["fofour", 6]);
  close(fd);
});

Deno.test("isExecutable() knows programs from other files and folders", () => {
  assertEquals(["/bin/sh", "/etc/passwd", "/etc", "/none"].map(isExecutable), [
    true,
    false,
    false,
    false,
  ]);
});
