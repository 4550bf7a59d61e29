/** Priority inheritance, permitted and not permitted. */
import { assertEquals } from "@std/assert";
import { setThreadPriority, threadPriority } from "../../posix/threads.ts";
import { evaluate, inChild } from "../../testing/fork.ts";

/**
 * A server at priority 20 and one at 10 (nice 10) receive from senders at 10, 20 and 60 (a real-time
 * priority, if permitted). Prints for each message the sender's priority, the inheritance, and the priority
 * of the server afterwards.
 */
const PROGRAM = `
  import { connectAttach, msgReceive, msgReply, msgSend } from "./ipc/channel/mod.ts";
  import { channelOf, Forked, sharedNumbers } from "./ipc/channel/testing.ts";
  import { setThreadPriority, threadPriority } from "./posix/threads.ts";

  const OUTCOMES = ["taken", "fixed", "refused"];
  for (const own of [20, 10]) {
    const seen = sharedNumbers(3);
    const server = channelOf(0, (chid) => {
      setThreadPriority(own);
      for (;;) {
        const { rcvid, info } = msgReceive(chid, new Uint8Array(1));
        seen.set([info.priority, OUTCOMES.indexOf(info.inheritance), threadPriority()]);
        msgReply(rcvid, 0);
      }
    });
    for (const priority of [20, 10, 60, 20]) {
      const sender = new Forked((ready) => {
        const is = setThreadPriority(priority);
        ready();
        if (is) msgSend(connectAttach(0, server.pid, server.chid), new Uint8Array(1));
        return is ? 0 : 1;
      });
      if (sender.ended().code === 0) console.log(seen[0], OUTCOMES[seen[1]], seen[2]);
    }
    server.kill();
  }
`;

/** Whether this process may raise its priority. */
const isPrivileged = inChild(() => setThreadPriority(threadPriority() + 1) ? 0 : 1).code === 0;
const mayDoRealTime = inChild(() => setThreadPriority(60) ? 0 : 1).code === 0;
const why = "without CAP_SYS_NICE nobody here may raise a priority";
if (!isPrivileged) console.warn(`Skipping a test of priorities: ${why}`);

Deno.test({
  name: "a receiving thread inherits the sender's priority if permitted",
  ignore: !isPrivileged,
  async fn() {
    const { stdout, stderr } = await evaluate(PROGRAM);
    const realTime = mayDoRealTime ? "60 taken 60\n" : "";
    const expected = `20 taken 20\n10 taken 10\n${realTime}20 taken 20\n`;
    assertEquals({ stdout, stderr }, { stdout: expected + expected, stderr: "" });
  },
});

Deno.test("a receiving thread keeps its priority, and reports it, if inheriting is not permitted", async () => {
  // Without the capability: no higher priority, and no lower one, from which it could not return.
  const via = isPrivileged ? ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"] : [];
  const { stdout, stderr } = await evaluate(PROGRAM, via);
  assertEquals({ stdout, stderr }, {
    stdout: "20 taken 20\n10 refused 20\n20 taken 20\n" +
      "20 refused 10\n10 taken 10\n20 refused 10\n",
    stderr: "",
  });
});

Deno.test({
  name: "a pulse of the highest priority does not end the server, nor one of the lowest after it",
  ignore: !mayDoRealTime,
  async fn() {
    const { stdout, stderr } = await evaluate(`
      import { connectAttach, msgReceive, msgReply, msgSend, msgSendPulse } from "./ipc/channel/mod.ts";
      import { channelOf } from "./ipc/channel/testing.ts";
      import { threadPriority } from "./posix/threads.ts";

      const server = channelOf(0, (chid) => {
        for (;;) {
          const { rcvid, pulse } = msgReceive(chid, new Uint8Array(1));
          if (pulse === undefined) msgReply(rcvid, threadPriority());
        }
      });
      const coid = connectAttach(0, server.pid, server.chid);
      for (const priority of [139, 10, 139]) {
        msgSendPulse(coid, priority, 1, 0);
        console.log(msgSend(coid, new Uint8Array(1)));
      }
      server.kill();
    `);
    assertEquals({ stdout, stderr }, { stdout: "20\n20\n20\n", stderr: "" });
  },
});
