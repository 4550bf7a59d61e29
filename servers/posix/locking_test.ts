import { assertEquals } from "@std/assert";
import { evaluate } from "../testing/fork.ts";
import { ROOT } from "../testing/process.ts";
import { canMount, mountReadOnly, withMounts } from "../testing/starter.ts";

/** A program that says on which file system its lock file lies, and whether that excludes another process. */
const PROGRAM = `
  import { fileSystemOf } from "./posix/files.ts";
  import { fork } from "./posix/fork.ts";
  import { lockFile, unlinkedFile, unlockFile } from "./posix/locking.ts";
  import { wait, waitForExit } from "./posix/processes.ts";
  const file = unlinkedFile();
  lockFile(file);
  const pid = fork(() => lockFile(file));
  const waits = !waitForExit(pid, 50);
  unlockFile(file);
  console.log(fileSystemOf(file), waits, wait(pid).code);
`;

const OTHER_TMP = "mount -t ramfs ramfs /tmp";
const OTHER_FOLDER = "mkdir /tmp/a; mount -t tmpfs tmpfs /tmp/a; export TMPDIR=/tmp/a";

for (
  const [where, fileSystem, script] of [
    ["in TMPDIR", "tmpfs", `${OTHER_TMP}; ${OTHER_FOLDER}`],
    ["in /tmp, where there is no TMPDIR", "ramfs", `${OTHER_TMP}; unset TMPDIR`],
    ["in /tmp, where TMPDIR is no folder", "ramfs", `${OTHER_TMP}; export TMPDIR=/none`],
    ["in memory, where /tmp is read-only", "memfd", `${mountReadOnly("/tmp")}; unset TMPDIR`],
  ] as const
) {
  Deno.test({
    name: `unlinkedFile() makes a lock file ${where} (ignored where nothing can be mounted)`,
    // It would be gone.
    ignore: !canMount || ROOT.startsWith("/tmp/"),
    async fn() {
      const { stdout, stderr } = await evaluate(PROGRAM, withMounts(script));
      assertEquals([stdout, stderr], [`${fileSystem} true 0\n`, ""]);
    },
  });
}
