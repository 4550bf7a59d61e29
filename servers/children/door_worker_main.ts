/**
 * A thread of the door server, and its procedure: the argument is a line with a decimal count, the result that
 * many bytes.
 *
 * @module
 */
import { announce, enter, leave } from "./setup.ts";
import { Slot, SLOT_BYTES } from "./meter.ts";
import {
  Kind,
  type ReceivedDoorMessage,
  receiveDoorMessage,
  sendDoorMessage,
} from "../ipc/door/message.ts";
import { doorBind, type DoorResult } from "../ipc/door/mod.ts";
import type { ServiceTime } from "../design.ts";
import { close } from "../posix/io.ts";
import { bufferAt } from "../posix/libc.ts";
import { messagePair } from "../posix/messages.ts";
import { answer, WARM_UP } from "../service/bytes.ts";
import { type RequestTimes, requestTimesOf } from "../service/request_times.ts";

/** Start message of a thread. */
export interface DoorThreadStart {
  readonly index: number;
  /** Write end of the status pipe. */
  readonly status: number;
  /** Address of the slot in which it counts. */
  readonly slotAddress: bigint;
  readonly serviceTime: ServiceTime;
}

/** The slot in which this thread counts; while it warms up, one of its own. */
let slot = new Slot();

let times: RequestTimes | undefined;

/** Answers a call. @throws {RangeError} for a request that the service refuses. */
export default function serve(_cookie: unknown, data: Uint8Array<ArrayBuffer>): DoorResult {
  slot.open();
  times?.spend(1);
  const reply = answer(data);
  slot.close(reply === undefined, reply === undefined ? 0 : 1);
  if (reply === undefined) throw new RangeError("Cannot serve this: write a line with a number");
  return { data: reply };
}

/** The start message of the host; other messages are the door's. */
const started = new Promise<DoorThreadStart>((resolve) => {
  self.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<Partial<DoorThreadStart>>;
    if (data.slotAddress !== undefined) resolve(data as DoorThreadStart);
  });
});

async function prepare(): Promise<void> {
  const { index, status, slotAddress, serviceTime } = await started;
  warmUp();
  times = requestTimesOf(serviceTime, index);
  slot = new Slot(bufferAt(slotAddress, SLOT_BYTES));
  enter(slot);
  announce(index, status);
}

// Of an error that nobody catches the thread dies.
for (const event of ["error", "unhandledrejection"]) {
  self.addEventListener(event, () => leave(slot));
}

doorBind(prepare).then(() => self.close());

/** Calls itself and answers until V8 has compiled both. */
function warmUp(): void {
  const [caller, server] = messagePair();
  const data = new TextEncoder().encode("4000\n");
  for (let i = 0; i < WARM_UP; i++) {
    sendDoorMessage(caller, { kind: Kind.call, data, inlineLimit: 4000 });
    sendDoorMessage(server, {
      kind: Kind.result,
      ...serve(undefined, (receiveDoorMessage(server) as ReceivedDoorMessage).data),
    });
    receiveDoorMessage(caller);
  }
  [caller, server].forEach(close);
}
