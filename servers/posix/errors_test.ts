import { assertEquals, assertThrows } from "@std/assert";
import { boundAddress, internetAddress } from "./addresses.ts";
import { causeOf, checked, Errno, errnoName, hasErrno, SystemError } from "./errors.ts";
import { connect, listen, streamSocket } from "./sockets.ts";
import { closing } from "../testing/fork.ts";
import { ROOT } from "../testing/process.ts";

Deno.test("listen() on a port in use names operation, call and reason", () => {
  const listener = listen(internetAddress("127.0.0.1", 0), "take a port");
  using _ = closing(listener);
  const address = internetAddress("127.0.0.1", boundAddress(listener).port);
  const error = assertThrows(() => listen(address, "serve the herd"), SystemError);
  const { name, message, call, code, errno } = error;
  assertEquals({ name, message, call, code, errno }, {
    name: "SystemError",
    message: "Cannot serve the herd: bind failed with EADDRINUSE (Address already in use)",
    call: "bind",
    code: "EADDRINUSE",
    errno: Errno.EADDRINUSE,
  });
});

Deno.test("connect() to a port where nobody listens throws ECONNREFUSED", () => {
  const address = internetAddress("127.0.0.1", 1);
  const socket = streamSocket(address);
  using _ = closing(socket);
  const { call, code } = assertThrows(() => connect(socket, address), SystemError, "connect");
  assertEquals({ call, code }, { call: "connect", code: "ECONNREFUSED" });
});

Deno.test("checked() returns what is not −1", () => {
  assertEquals([0, 7, -2].map((result) => checked(result, "f", "test")), [0, 7, -2]);
});

Deno.test("errnoName() gives names, and a substitute for unknown numbers", () => {
  assertEquals([1, 11, 104, 9999].map(errnoName), ["EPERM", "EAGAIN", "ECONNRESET", "errno 9999"]);
});

Deno.test("Errno holds the numbers of this machine", () => {
  for (const [name, number] of Object.entries(Errno)) assertEquals(errnoName(number), name);
});

Deno.test("hasErrno() tells errors of system calls apart, and from other errors", () => {
  const error = new SystemError("open", "look", Errno.ENOENT);
  assertEquals(hasErrno(error, Errno.ENOENT), true);
  assertEquals(hasErrno(error, Errno.EACCES, Errno.ENOENT), true);
  assertEquals(hasErrno(error, Errno.EACCES), false);
  assertEquals(hasErrno(new Error("open"), Errno.ENOENT), false);
});

Deno.test("causeOf() names where an error comes from, outside of the wrappers of system calls", () => {
  const error = new Error("no");
  error.stack = [
    "Error: no",
    `    at listen (${import.meta.resolve("./sockets.ts")}:9:1)`,
    // Deno decodes most URLs here.
    `    at listen (file://${import.meta.dirname}/sockets.ts:9:1)`,
    `    at parent (file://${ROOT}servers/listings/mine.ts?a=file:///a b#c:12:3)`,
  ].join("\n");
  assertEquals(causeOf(error), "no (servers/listings/mine.ts:12)");
  error.stack = "Error: no\n    at file:///else where/#1/mine.ts?a:7:1";
  assertEquals(causeOf(error), "no (file:///else where/#1/mine.ts:7)");
  error.stack = "Error: no";
  assertEquals([causeOf(error), causeOf("words")], ["no", "words"]);
});
