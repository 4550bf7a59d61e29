/**
 * A thread of the door server, and its procedure: the argument is a line with a decimal count, the result that
 * many bytes.
 *
 * @module
 */
import { findDesign } from "../designs.ts";
import { announce, enter, type Handles, openSetup } from "./setup.ts";
import { Slot } from "./meter.ts";
import {
  Kind,
  type ReceivedDoorMessage,
  receiveDoorMessage,
  sendDoorMessage,
} from "../ipc/door/letter.ts";
import { doorBind, type DoorResult } from "../ipc/door/mod.ts";
import { cpuBurner } from "../posix/clocks.ts";
import { close } from "../posix/io.ts";
import { messagePair } from "../posix/messages.ts";
import { answer, WARM_UP } from "../service/bytes.ts";

/** Start message of a thread. */
export interface DoorThreadStart {
  readonly index: number;
  readonly handles: Handles;
  readonly address: bigint;
}

/** The slot in which this thread counts; while it warms up, one of its own. */
let slot = new Slot();

/** Wastes CPU, where asked to. */
let burn = () => {};

/** Answers a call. @throws {RangeError} for a request that the service refuses. */
export default function serve(_cookie: unknown, data: Uint8Array<ArrayBuffer>): DoorResult {
  burn();
  slot.open();
  const reply = answer(data);
  slot.close(reply === undefined);
  if (reply === undefined) throw new RangeError("Cannot serve this: write a line with a number");
  return { data: reply };
}

/** The start message of the host; other messages are the door's. */
const started = new Promise<DoorThreadStart>((resolve) => {
  self.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<Partial<DoorThreadStart>>;
    if (data.handles) resolve(data as DoorThreadStart);
  });
});

async function prepare(): Promise<void> {
  const { index, handles, address } = await started;
  warmUp();
  if (handles.extraCpu > 0) burn = cpuBurner(handles.extraCpu);
  slot = openSetup(findDesign(handles.design)!, {}, handles, address).meter.children[index]!;
  enter(slot);
  announce(index, handles.status);
}

doorBind(prepare).then(() => self.close());

/** Calls itself and answers until V8 has compiled both. */
function warmUp(): void {
  const [caller, server] = messagePair();
  const data = new TextEncoder().encode("4000\n");
  for (let i = 0; i < WARM_UP; i++) {
    sendDoorMessage(caller, { kind: Kind.call, data, room: 4000 });
    sendDoorMessage(server, {
      kind: Kind.result,
      ...serve(undefined, (receiveDoorMessage(server) as ReceivedDoorMessage).data),
    });
    receiveDoorMessage(caller);
  }
  [caller, server].forEach(close);
}
