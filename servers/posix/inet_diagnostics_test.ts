import { assertEquals } from "@std/assert";
import { listenOn } from "../transports/port.ts";
import { boundAddress } from "./addresses.ts";
import { descriptorsOf } from "./files.ts";
import { tcpListeners } from "./inet_diagnostics.ts";
import { close } from "./io.ts";
import { getpid } from "./processes.ts";
import { listenersOn } from "./tcp_table.ts";

Deno.test("tcpListeners() finds the sockets that listen at a port, and no others", () => {
  const listener = listenOn(0, "127.0.0.1");
  const { port } = boundAddress(listener);
  const { target } = descriptorsOf(getpid()).find(({ descriptor }) => descriptor === listener)!;
  const found = tcpListeners(port).map((inode) => `socket:[${inode}]`);
  assertEquals([found, listenersOn(port)], [[target], tcpListeners(port)]);
  close(listener);
  assertEquals(tcpListeners(port), []);
});
