/** One suite for all transports. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TransportName } from "../design.ts";
import { UsageError } from "../errors.ts";
import { Errno } from "../posix/errors.ts";
import { fileStatus } from "../posix/files.ts";
import { shutDownWrite, socketTimeout } from "../posix/sockets.ts";
import { closing } from "../testing/fork.ts";
import {
  addressText,
  errorNumberOf,
  Failure,
  type ServerAddress,
  transportOf,
} from "./transport.ts";
import { isTransport, TRANSPORT_NAMES, transports } from "./transports.ts";

const LIMIT = socketTimeout(5);

/** What a client asks for. */
const lines = (bytes: number) => ({ service: "bytes", bytes, target: null } as const);

/** An address to listen at: any port, or an abstract name. */
function somewhere(name: TransportName): ServerAddress {
  const nowhere = { host: "127.0.0.1", port: 0 };
  return name === "tcp" ? nowhere : { ...nowhere, path: `@herd-test-${crypto.randomUUID()}` };
}

for (const name of TRANSPORT_NAMES) {
  const transport = await transports[name]();

  /** The result of a client that requests `asked` bytes from a server that sends `sent`. */
  const ask = (asked: number, sent: number): number => {
    const endpoint = transport.bind(somewhere(name));
    using _listener = closing(endpoint.listener);
    endpoint.listen();
    const { open, request, close } = transport.client(endpoint.address, lines(asked), LIMIT);
    const connection = open();
    const peer = transport.acceptAndReply(endpoint.listener, new Uint8Array(sent));
    using _ = closing(peer);
    shutDownWrite(peer); // or a client that expects more would block for ever
    const result = request(connection);
    close(connection);
    return result;
  };

  Deno.test(`${name}: a client gets the bytes it requests, in any number`, () => {
    for (const bytes of [1, 4000, 60_000]) assertEquals(ask(bytes, bytes), 0);
  });

  Deno.test(`${name}: a client detects a reply that is too short or too long`, () => {
    assertEquals(ask(4000, 3999), Failure.shortReply);
    assertEquals(ask(4000, 4001), Failure.longReply);
    assertEquals(ask(1, 4000), Failure.longReply);
  });

  Deno.test(`${name}: a client without a reply fails with an error number`, () => {
    const endpoint = transport.bind(somewhere(name));
    const { open, request, close } = transport.client(
      endpoint.address,
      lines(1),
      socketTimeout(0.05),
    );
    {
      using _ = closing(endpoint.listener);
      endpoint.listen();
      const connection = open();
      const silence = assertThrows(() => request(connection), Error);
      assertEquals(errorNumberOf(silence), Errno.EAGAIN);
      close(connection);
    }
    assertEquals(errorNumberOf(assertThrows(open, Error)), Errno.ECONNREFUSED);
  });

  Deno.test(`${name}: an address has one server`, () => {
    const endpoint = transport.bind(somewhere(name));
    using _ = closing(endpoint.listener);
    endpoint.listen();
    const { message } = assertThrows(() => transport.bind(endpoint.address), Error);
    assert(message.startsWith(`Cannot listen on ${addressText(endpoint.address)}: `), message);
    assert(message.includes("in use"), message);
  });

  if (name === "tcp") {
    Deno.test("tcp: of two servers bound to the same port, the second to listen fails", () => {
      const { address: { host, port }, ...first } = transport.bind(somewhere(name));
      using _first = closing(first.listener);
      const second = transport.bind({ host, port });
      using _second = closing(second.listener);
      const { open } = transport.client({ host, port }, lines(1), LIMIT);
      assertEquals(errorNumberOf(assertThrows(open, Error)), Errno.ECONNREFUSED);
      second.listen();
      closing(open())[Symbol.dispose]();
      assertThrows(() => first.listen(), UsageError, "the port is in use");
    });
    continue;
  }

  Deno.test(`${name}: the path of an endpoint is a socket until it is disposed of`, () => {
    const path = `/tmp/herd-test-${crypto.randomUUID()}`;
    const endpoint = transport.bind({ host: "", port: 0, path });
    using _ = closing(endpoint.listener);
    assertEquals(fileStatus(path)?.isSocket, true);
    assertEquals(endpoint.address.path, path);
    endpoint[Symbol.dispose]();
    assertEquals(fileStatus(path), undefined);
  });
}

Deno.test("errorNumberOf() throws errors without a number", () => {
  assertThrows(() => errorNumberOf(new TypeError("moo")), TypeError, "moo");
});

Deno.test("transportOf() is the design's own, or a byte stream to the port or path", () => {
  assertEquals(transportOf({}, false), "tcp");
  assertEquals(transportOf({}, true), "unix");
  assertEquals(transportOf({ transport: "door" }, true), "door");
});

Deno.test("isTransport() knows the names", () => {
  assertEquals([isTransport("door"), isTransport("dor"), isTransport("toString")], [
    true,
    false,
    false,
  ]);
});
