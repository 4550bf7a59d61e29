import { assertEquals } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
import { close } from "./io.ts";
import { getuid } from "./processes.ts";
import { accept, connect, listen, streamSocket } from "./sockets.ts";
import { tcpSocketsTo } from "./tcp_table.ts";
import { endTimeWaits } from "./time_wait.ts";

Deno.test({
  name: "endTimeWaits() ends those to one port" +
    (getuid() === 0 ? "" : " (only root can end connections)"),
  ignore: getuid() !== 0,
  fn: () => {
    const listeners = [1, 2].map(() => listen(internetAddress("127.0.0.1", 0), "test"));
    using _ = closing(...listeners);
    const ports = listeners.map((fd) => boundAddress(fd).port);
    const addresses = ports.map((port) => internetAddress("127.0.0.1", port));
    for (const [i, address] of addresses.entries()) {
      for (let n = 0; n < 3; n++) {
        const client = streamSocket(address);
        connect(client, address);
        const server = accept(listeners[i]!);
        close(client);
        close(server);
      }
    }
    assertEquals(addresses.map(tcpSocketsTo), [3, 3]);
    assertEquals(endTimeWaits(ports[0]!), 3);
    assertEquals(addresses.map(tcpSocketsTo), [0, 3]);
    assertEquals(endTimeWaits(ports[1]!), 3);
  },
});
