import { assertEquals, assertThrows } from "@std/assert";
import { closing, forkReady, inChild, isGone, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { AddressError, unixAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { childrenOf, fileStatus } from "./files.ts";
import { fork } from "./fork.ts";
import { SystemError } from "./errors.ts";
import { close, read, write } from "./io.ts";
import { getuid, kill } from "./processes.ts";
import { Signal } from "./signals.ts";
import { SocketFile } from "./socket_files.ts";
import { becomeUser, withUmask } from "./testing.ts";
import { accept, connect, listen, SocketType, streamSocket } from "./sockets.ts";

/** A path in a temporary folder that is removed at the end of the block. */
class Folder implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-test-" });
  readonly path = `${this.#folder}/socket`;

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

const NOBODY = 65534;

const open = (path: string) => new SocketFile(path, SocketType.stream);

/** The message with which a socket at the path is refused. */
function refusal(path: string): string {
  return assertThrows(() => open(path), AddressError).message;
}

/** Leaves a stale socket at the path. */
function leave(path: string): void {
  close(listen(unixAddress(path), "test"));
}

Deno.test("SocketFile listens at a path until it is disposed of", () => {
  using folder = new Folder();
  const { path } = folder;
  {
    using file = open(path);
    assertEquals(fileStatus(path)?.isSocket, true);
    const client = streamSocket(unixAddress(path));
    connect(client, unixAddress(path));
    closing(client, accept(file.listener), file.listener)[Symbol.dispose]();
  }
  assertEquals(fileStatus(path), undefined);
});

Deno.test("SocketFile is 0600 whatever the umask, so that no other user connects", () => {
  using folder = new Folder();
  const { path } = folder;
  Deno.chmodSync(path.slice(0, path.lastIndexOf("/")), 0o777);
  using _umask = withUmask(0);
  using file = open(path);
  using _listener = closing(file.listener);
  assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o600);
  if (getuid() !== 0) return; // only root can become another user
  const { code } = inChild(() => {
    becomeUser(NOBODY);
    const client = streamSocket(unixAddress(path));
    assertThrows(() => connect(client, unixAddress(path)), SystemError, "EACCES");
  });
  assertEquals(code, 0);
});

Deno.test("SocketFile replaces a stale socket", () => {
  using folder = new Folder();
  leave(folder.path);
  using file = open(folder.path);
  close(file.listener);
});

Deno.test("SocketFile replaces a stale socket for one of many servers", () => {
  using folder = new Folder();
  leave(folder.path);
  const [output, input] = pipe();
  using _ = closing(output, input);
  const WON = 1;
  const tell = (result: number) => write(input, new Uint8Array([result]), 1);
  const racers = Array.from({ length: 6 }, () =>
    fork(() => {
      try {
        open(folder.path);
      } catch (error) {
        return tell(error instanceof AddressError ? 0 : 2);
      }
      tell(WON);
      waitToBeKilled();
    }));
  const results = racers.map(() => {
    const byte = new Uint8Array(1);
    read(output, byte);
    return byte[0];
  });
  assertEquals(results.toSorted(), [0, 0, 0, 0, 0, WON]);
  assertEquals(fileStatus(folder.path)?.isSocket, true);
  for (const pid of racers) {
    kill(pid, Signal.KILL);
    waitFor(pid);
  }
  assertEquals(isGone(folder.path), true);
});

Deno.test("SocketFile refuses a path where a server listens, and a file", () => {
  using folder = new Folder();
  const { path } = folder;
  using file = open(path);
  using _ = closing(file.listener);
  assertEquals(
    refusal(path),
    `Cannot listen at ${path}: a server listens there; use another path`,
  );
  const other = assertThrows(() => new SocketFile(path, SocketType.messages), AddressError);
  assertEquals(other.message, refusal(path));
  Deno.writeTextFileSync(`${path}.txt`, "moo");
  assertEquals(
    refusal(`${path}.txt`),
    `Cannot listen at ${path}.txt: the file exists; use another path`,
  );
});

Deno.test({
  name: "SocketFile refuses another user's stale socket" +
    (getuid() === 0 ? "" : " (only root can give a file away)"),
  ignore: getuid() !== 0,
  fn() {
    using folder = new Folder();
    leave(folder.path);
    Deno.chownSync(folder.path, 65534, 65534);
    assertEquals(
      refusal(folder.path),
      `Cannot listen at ${folder.path}: the socket there belongs to user 65534; use another path`,
    );
    assertEquals(fileStatus(folder.path)?.uid, 65534);
  },
});

Deno.test("SocketFile refuses a folder that does not exist", () => {
  assertEquals(
    refusal("/tmp/no/such/folder"),
    "Cannot listen at /tmp/no/such/folder: its folder cannot be opened (ENOENT)",
  );
});

for (const signal of ["KILL", "TERM"] as const) {
  Deno.test(`SocketFile is removed after SIG${signal} terminates its process`, () => {
    using folder = new Folder();
    const pid = forkReady((ready) => {
      open(folder.path);
      ready();
      waitToBeKilled();
    });
    assertEquals(fileStatus(folder.path)?.isSocket, true);
    const [guard] = childrenOf(pid);
    kill(pid, Signal[signal]);
    assertEquals(waitFor(pid).signal, Signal[signal]);
    assertEquals(isGone(folder.path), true);
    assertEquals(isGone(`/proc/${guard}`), true);
  });
}

Deno.test("SocketFile is removed after its process exits", () => {
  using folder = new Folder();
  assertEquals(inChild(() => void open(folder.path)).code, 0);
  assertEquals(isGone(folder.path), true);
});

Deno.test("SocketFile does not remove another server's socket", () => {
  using folder = new Folder();
  const { path } = folder;
  const file = open(path);
  Deno.removeSync(path);
  using other = open(path);
  file[Symbol.dispose]();
  assertEquals(fileStatus(path)?.isSocket, true);
  using _ = closing(file.listener, other.listener);
});
