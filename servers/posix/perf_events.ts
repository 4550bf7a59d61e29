/**
 * Samples of a tracepoint of the kernel, on all processors (perf_event_open(2)). It takes CAP_PERFMON, as root has.
 *
 * @module
 */
import { checked, Errno, SystemError } from "./errors.ts";
import { tryReadText } from "./files.ts";
import { close } from "./io.ts";
import { bufferAt, cString, libc } from "./libc.ts";

const SYS_perf_event_open = { x86_64: 298, aarch64: 241 }[Deno.build.arch];

const ATTRIBUTES_BYTES = 112; // PERF_ATTR_SIZE_VER5 of struct perf_event_attr
const PERF_TYPE_TRACEPOINT = 2;
const PERF_SAMPLE_TID = 2n;
const STARTS_DISABLED = 1n;
const ALL_PROCESSES = -1;
const NO_GROUP = -1;
const PERF_FLAG_FD_CLOEXEC = 8;

const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_FILTER = 0x40082406;

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;

/** Where struct perf_event_mmap_page has the ends of what was written and of what was read. */
const [HEAD_AT, TAIL_AT] = [1024 / 8, 1032 / 8];
/** Records of 16 bytes: so many of them between two looks. */
const RING_BYTES = 256 * 1024;

/** Where the kernel describes its tracepoints (tracefs). */
const FOLDERS = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

const ACTION = "watch a tracepoint of the kernel";

/** The fields of struct perf_event_attr that are used; 0 where they are left out. */
interface Attributes {
  readonly type: number;
  readonly config: number;
  readonly samplePeriod?: bigint;
  readonly sampleType?: bigint;
  readonly readFormat?: bigint;
  readonly flags: bigint;
}

/**
 * Opens a counter of a process (0: the calling thread; -1: all) on a processor (-1: any).
 *
 * @throws {SystemError} such as EACCES, or ENOENT where the machine has no such counter.
 */
export function openEvent(
  process: number,
  processor: number,
  { type, config, samplePeriod = 0n, sampleType = 0n, readFormat = 0n, flags }: Attributes,
  action: string,
): number {
  const attributes = new Uint8Array(ATTRIBUTES_BYTES);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, ATTRIBUTES_BYTES, true);
  view.setBigUint64(8, BigInt(config), true);
  view.setBigUint64(16, samplePeriod, true);
  view.setBigUint64(24, sampleType, true);
  view.setBigUint64(32, readFormat, true);
  view.setBigUint64(40, flags, true);
  return checked(
    libc.perf_event_open(
      SYS_perf_event_open,
      attributes,
      process,
      processor,
      NO_GROUP,
      PERF_FLAG_FD_CLOEXEC,
    ),
    "perf_event_open",
    action,
  );
}

/** The samples of one processor. */
interface Ring {
  readonly descriptor: number;
  readonly address: bigint;
  readonly words: BigInt64Array;
  readonly records: DataView;
}

/** How often each process has passed a tracepoint. Disposing ends the watch. */
export class TracepointCounts implements Disposable {
  /** Samples by process, of those looked at so far. */
  readonly byProcess: Map<number, number> = new Map();
  /** Samples that the kernel had no room for. */
  lost = 0;
  readonly #rings: Ring[] = [];

  /**
   * Watches a tracepoint such as `sock/inet_sock_set_state`, where a filter in the kernel's words holds.
   *
   * @throws {SystemError} such as EACCES without the capability, ENOENT where there is no tracefs.
   */
  constructor(tracepoint: string, filter: string) {
    const id = idOf(tracepoint);
    try {
      for (const processor of onlineProcessors()) this.#open(id, filter, processor);
      for (const { descriptor } of this.#rings) {
        checked(libc.ioctl(descriptor, PERF_EVENT_IOC_ENABLE, null), "ioctl", ACTION);
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #open(id: number, filter: string, processor: number): void {
    const descriptor = openEvent(ALL_PROCESSES, processor, {
      type: PERF_TYPE_TRACEPOINT,
      config: id,
      samplePeriod: 1n, // a sample each time
      sampleType: PERF_SAMPLE_TID,
      flags: STARTS_DISABLED,
    }, ACTION);
    const ring = { descriptor, address: 0n, words: new BigInt64Array(), records: EMPTY };
    this.#rings.push(ring);
    checked(libc.ioctl(descriptor, PERF_EVENT_IOC_SET_FILTER, cString(filter)), "ioctl", ACTION);
    const [PROT_READ_WRITE, MAP_SHARED] = [3, 1];
    const page = libc.getpagesize();
    const bytes = page + RING_BYTES;
    const pointer = libc.mmap(null, BigInt(bytes), PROT_READ_WRITE, MAP_SHARED, descriptor, 0n);
    const address = Deno.UnsafePointer.value(pointer);
    if (BigInt.asIntN(64, address) === -1n) throw new SystemError("mmap", ACTION, Errno.ENOMEM);
    const memory = bufferAt(address, bytes);
    Object.assign(ring, {
      address,
      words: new BigInt64Array(memory, 0, page / 8),
      records: new DataView(memory, page),
    });
  }

  /** Takes in what has happened since the last call. Between two there is room for 16,384 samples of a processor. */
  look(): void {
    for (const ring of this.#rings) this.#lookAt(ring);
  }

  #lookAt({ words, records }: Ring): void {
    const head = Atomics.load(words, HEAD_AT);
    let at = Number(Atomics.load(words, TAIL_AT) % BigInt(RING_BYTES));
    let left = Number(head - Atomics.load(words, TAIL_AT));
    while (left > 0) {
      // Records are of whole words, so that only their fields can be at both ends of the ring.
      const type = records.getUint32(at, true);
      const size = records.getUint16(at + 6, true);
      const word = (at + 8) % RING_BYTES;
      if (type === PERF_RECORD_SAMPLE) {
        const process = records.getUint32(word, true);
        this.byProcess.set(process, (this.byProcess.get(process) ?? 0) + 1);
      } else if (type === PERF_RECORD_LOST) {
        this.lost += Number(records.getBigUint64((word + 8) % RING_BYTES, true));
      }
      at = (at + size) % RING_BYTES;
      left -= size;
    }
    Atomics.store(words, TAIL_AT, head);
  }

  [Symbol.dispose](): void {
    for (const { descriptor, address } of this.#rings.splice(0)) {
      const bytes = BigInt(libc.getpagesize() + RING_BYTES);
      if (address !== 0n) libc.munmap(Deno.UnsafePointer.create(address), bytes);
      close(descriptor);
    }
  }
}

const EMPTY = new DataView(new ArrayBuffer(0));

function idOf(tracepoint: string): number {
  for (const folder of FOLDERS) {
    const id = tryReadText(`${folder}/${tracepoint}/id`);
    if (id !== undefined) return Number(id);
  }
  throw new SystemError("open", ACTION, Errno.ENOENT);
}

/** The numbers of the processors that are online, such as of `0-3,8`. */
function onlineProcessors(): number[] {
  const list = tryReadText("/sys/devices/system/cpu/online")?.trim() || "0";
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number) as [number, number?];
    return Array.from({ length: last! - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Watches which processes end the connections of ports of this machine: each TCP connection is ended once by the
 * process that closes its socket, which is the one that has served it.
 *
 * @throws {SystemError} as `TracepointCounts`.
 */
export function watchEnds(ports: readonly number[]): TracepointCounts {
  const [FIN_WAIT1, LAST_ACK] = [4, 9]; // by the one that closes first, and by the other
  const isOne = ports.map((port) => `sport == ${port}`).join(" || ");
  return new TracepointCounts(
    "sock/inet_sock_set_state",
    `(${isOne}) && (newstate == ${FIN_WAIT1} || newstate == ${LAST_ACK})`,
  );
}

/** Why connections cannot be watched here, such as EACCES; undefined: they can. */
export function watchRefusal(): string | undefined {
  try {
    using _ = watchEnds([1]);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.code;
  }
}
