/** Other users of the machine can bind every abstract address, but not connect to channels. */
import { assertEquals } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { getuid } from "../../posix/processes.ts";
import { listen, SocketType } from "../../posix/sockets.ts";
import { becomeUser } from "../../posix/testing.ts";
import { waitToBeKilled } from "../../testing/fork.ts";
import { channelAddress, pathAddress } from "./addresses.ts";
import {
  channelCreate,
  channelDestroy,
  connectAttach,
  connectDetach,
  msgReceive,
  msgSendPulse,
  nameAttach,
  nameOpen,
  open,
  resmgrAttach,
} from "./mod.ts";
import { assertErrno, Forked, isCutOff, stateOf, uniqueName, until } from "./testing.ts";

const ROOT = 0;
const NOBODY = 65534;

const ignore = getuid() !== ROOT;
if (ignore) console.warn("Skipping the tests of other users: only root can be another user");

Deno.test({
  name: "an address bound by another user is refused, for servers and clients",
  ignore,
  fn() {
    const [name, path] = [uniqueName(), `/dev/${uniqueName()}`];
    const addresses = [`/dev/name/local/${name}`, path].map((path) => pathAddress(path, "test"));
    using stranger = new Forked((ready) => {
      becomeUser(NOBODY);
      for (const address of addresses) listen(address, "test", SocketType.messages);
      ready();
      waitToBeKilled();
    });
    void stranger;
    assertErrno(Errno.EACCES, () => nameOpen(name));
    assertErrno(Errno.EEXIST, () => nameAttach(name));
    assertErrno(Errno.EACCES, () => open(path));
    assertErrno(Errno.EEXIST, () => resmgrAttach(path, { open: () => 0 }));
  },
});

Deno.test({
  name: "another user's process cannot connect to a channel",
  ignore,
  fn() {
    const chid = channelCreate();
    const address = channelAddress(Deno.pid, chid);
    using stranger = new Forked((ready) => {
      becomeUser(NOBODY);
      ready();
      return isCutOff(address, new Uint8Array(64)) ? 0 : 1;
    });
    const coid = connectAttach(0, 0, chid);
    until("it is cut off", () => {
      msgSendPulse(coid, -1, 1, 0);
      assertEquals(msgReceive(chid, new Uint8Array(64)).pulse?.code, 1); // and no message of that process
      return stateOf(stranger) === "Z";
    });
    channelDestroy(chid);
    assertEquals(stranger.ended().code, 0);
    connectDetach(coid);
  },
});
