/**
 * The procedure of the tests: executes the order in the call's data, as JSON.
 *
 * @module
 */
import { close, read, write } from "../../posix/io.ts";
import { getpid, gettid } from "../../posix/processes.ts";
import {
  closeDoor,
  DOOR_UNREF_DATA,
  doorCall,
  doorCreate,
  doorCred,
  type DoorResult,
  doorReturn,
  doorRevoke,
  openDoor,
  type UnreferencedMode,
} from "./mod.ts";

/** Memory shared by the threads of the test's server. */
export interface Cookie {
  /** Number of calls in `meet`. */
  readonly inside: SharedArrayBuffer;
}

/** The order of a call. */
export type Order =
  | { readonly kind: "echo"; readonly text: string }
  | { readonly kind: "size"; readonly bytes: number }
  /** Waits for that many concurrent calls. */
  | { readonly kind: "meet"; readonly calls: number }
  /** Writes to its first descriptor, then reads from its second one. */
  | { readonly kind: "wait"; readonly fail?: boolean }
  | { readonly kind: "who" | "throw" | "return" | "crash" | "later" | "bad descriptor" }
  /** Creates a door; the result has its descriptor, and as text that in the server. */
  | { readonly kind: "door"; readonly unreferenced?: UnreferencedMode }
  | { readonly kind: "call"; readonly path: string }
  | { readonly kind: "revoke"; readonly door: number };

/** The result of `who`. */
export interface Who {
  readonly process: number;
  readonly thread: number;
  /** Number of calls of this thread. */
  readonly calls: number;
  readonly caller: { readonly pid: number; readonly uid: number; readonly gid: number };
}

const byte = new Uint8Array(1);
let calls = 0;

/** Executes an order. */
export default async function procedure(
  { inside }: Cookie,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
): Promise<DoorResult> {
  if (data === DOOR_UNREF_DATA) {
    console.log("unreferenced");
    return {};
  }
  calls++;
  const order: Order = JSON.parse(new TextDecoder().decode(data));
  switch (order.kind) {
    case "echo":
      return { data: encode(order.text), descriptors, release: true };
    case "size":
      return { data: new Uint8Array(order.bytes).fill(7) };
    case "meet":
      meet(new Int32Array(inside), order.calls);
      return {};
    case "wait":
      write(descriptors[0]!, byte, 1);
      read(descriptors[1]!, byte);
      descriptors.forEach(close);
      if (order.fail) throw new Error("failed as ordered");
      return {};
    case "who":
      return json({ process: getpid(), thread: gettid(), calls, caller: doorCred() });
    case "throw":
      throw new RangeError("thrown as ordered");
    case "return":
      try {
        doorReturn({ data: encode("by doorReturn") });
      } finally {
        calls += 0; // runs, too
      }
      break;
    case "later":
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { data: encode("later") };
    case "crash":
      setTimeout(() => {
        throw new Error("crashed as ordered");
      }, 0);
      await new Promise(() => {});
      break;
    case "door": {
      const { unreferenced = "never" } = order;
      const door = await doorCreate(import.meta.url, { inside }, { unreferenced });
      return { data: encode(`${door}`), descriptors: [door] };
    }
    case "bad descriptor":
      return { descriptors: [1_000_000] };
    case "revoke":
      await doorRevoke(order.door);
      return {};
    case "call": {
      const door = openDoor(order.path);
      const { data } = doorCall(door, { data: encode('{"kind":"who"}') });
      closeDoor(door);
      return { data };
    }
  }
  throw new Error("unreachable");
}

/** Timeout of a call that waits for others. */
const PATIENCE_MS = 20_000;

function meet(inside: Int32Array, wanted: number): void {
  const end = performance.now() + PATIENCE_MS;
  let present = Atomics.add(inside, 0, 1) + 1;
  Atomics.notify(inside, 0);
  for (; present < wanted; present = Atomics.load(inside, 0)) {
    if (performance.now() > end) throw new Error(`met ${present} of ${wanted}`);
    Atomics.wait(inside, 0, present, 100);
  }
}

const encode = (text: string) => new TextEncoder().encode(text);
const json = (value: Who) => ({ data: encode(JSON.stringify(value)) });
