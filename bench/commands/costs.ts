/**
 * Benchmark: what the parts of a server cost, in µs of CPU per connection, and what preparing a process
 * for its forks saves. Each part is measured in a process of its own, and the parts take turns, so they can be
 * compared. The cost of TCP in the kernel is not included.
 *
 * @module
 */
import { BOOK } from "../../clients/book.ts";
import { Forks, warmUpForks } from "../../servers/children/fork.ts";
import { Slot } from "../../servers/children/meter.ts";
import { makeSetup, type Setup } from "../../servers/children/setup.ts";
import { defineCommand } from "../cli/command.ts";
import { roundsFlag } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode } from "../../servers/errors.ts";
import { findDesign, loadListing } from "../../servers/designs.ts";
import { FileLock } from "../../servers/locks/file_lock.ts";
import { Mutex } from "../../servers/locks/mutex.ts";
import { type Usage, usage } from "../../servers/posix/clocks.ts";
import { pipe, receiveDescriptor, sendDescriptor } from "../../servers/posix/descriptors.ts";
import { fork } from "../../servers/posix/fork.ts";
import { close, read, write } from "../../servers/posix/io.ts";
import { unlinkedFile } from "../../servers/posix/locking.ts";
import { shareMemory } from "../../servers/posix/memory.ts";
import { wait } from "../../servers/posix/processes.ts";
import { rebase } from "../../servers/posix/rebase.ts";
import { shutDownWrite, socketPair } from "../../servers/posix/sockets.ts";
import { service, WARM_UP } from "../../servers/service/bytes.ts";
import { warmUp } from "../../servers/service/warm_up.ts";
import { median } from "../statistics/median.ts";

const flags = {
  rounds: roundsFlag("Measure each part N times, and print the median"),
} as const;

export const command = defineCommand({
  name: "costs",
  operands: "",
  description: "Measure what the parts of a server cost, in µs of CPU per connection.",
  examples: [
    ["Measure each part five times", ""],
    ["Measure them once, in a fifth of the time", "--rounds 1"],
  ],
  flags,
  exits: ["unsupported"],
  run: costs,
});

/** Something to measure. `prepare` returns the function to call. */
interface Part {
  readonly name: string;
  readonly times: number;
  readonly prepare: () => () => void;
}

const design = findDesign("fork-per-client")!;
const listing = await loadListing(design);
const { serve } = service;
const line = new TextEncoder().encode(`${BOOK.bytes}\n`);

/** A connection whose client has sent its request and closed. */
function requested(): [client: number, server: number] {
  const [client, server] = socketPair();
  write(client, line, line.length);
  shutDownWrite(client);
  return [client, server];
}

/** Forks a child for each connection, after some preparation. */
function forking(prepare: (setup: Setup) => void): () => () => void {
  return () => {
    const setup = makeSetup({ design, listing, service }, { children: 1 });
    prepare(setup);
    const { pool } = new Forks(setup);
    return () => {
      const [client, server] = requested();
      pool.startFor(server);
      close(client);
      wait();
    };
  };
}

function locking(lock: FileLock | Mutex): () => void {
  return () => {
    lock.acquire();
    lock.release();
  };
}

const parts: readonly Part[] = [
  {
    name: `service: one client with one request of ${BOOK.bytes} bytes`,
    times: 20_000,
    prepare: () => {
      const slot = new Slot();
      warmUp(WARM_UP, service.examples, (connection) => serve(slot, connection));
      return () => {
        const [client, server] = requested();
        serve(slot, server);
        close(client);
      };
    },
  },
  {
    name: "file lock: acquire and release",
    times: 100_000,
    prepare: () => locking(new FileLock(unlinkedFile())),
  },
  {
    name: "mutex: acquire and release",
    times: 100_000,
    prepare: () => {
      const { address } = shareMemory(Mutex.BYTES);
      Mutex.create(address, "processes");
      return locking(new Mutex(address));
    },
  },
  {
    name: "descriptor: pass, receive, close",
    times: 50_000,
    prepare: () => {
      const [here, there] = socketPair();
      const [, passed] = pipe();
      return () => {
        sendDescriptor(here, passed);
        close(receiveDescriptor(there));
      };
    },
  },
  {
    name: "fork per client, unprepared",
    times: 300,
    prepare: forking(() => {}),
  },
  {
    name: "fork per client, service warm",
    times: 300,
    prepare: forking(() =>
      warmUp(WARM_UP, service.examples, (connection) => serve(new Slot(), connection))
    ),
  },
  {
    name: "fork per client, parent and child warmed up",
    times: 300,
    prepare: forking(warmUpForks),
  },
  {
    name: "fork per client, warmed up, memory rebased (as in bench)",
    times: 300,
    prepare: forking((setup) => {
      warmUpForks(setup);
      rebase();
    }),
  },
];

/** CPU microseconds per call, of the process and the children it waited for. */
function measure({ times, prepare }: Part): number {
  const [resultEnd, result] = pipe();
  const bytes = new Uint8Array(8);
  fork(() => {
    const once = prepare();
    const before = total();
    for (let i = 0; i < times; i++) once();
    new DataView(bytes.buffer).setFloat64(0, (total() - before) / times * 1e6);
    write(result, bytes, bytes.length);
  });
  close(result);
  read(resultEnd, bytes);
  close(resultEnd);
  wait();
  return new DataView(bytes.buffer).getFloat64(0);
}

function total(): number {
  const sum = ({ user, system }: Usage) => user + system;
  return sum(usage("process")) + sum(usage("children"));
}

function costs({ flags }: { flags: { rounds: number } }): number {
  const measured = parts.map((): number[] => []);
  for (let round = 0; round < flags.rounds; round++) {
    for (const [i, part] of parts.entries()) measured[i]!.push(measure(part));
  }
  const width = Math.max(...parts.map(({ name }) => name.length));
  printLine(`${"µs of CPU, median (least – most)".padEnd(width)}`);
  for (const [i, { name }] of parts.entries()) {
    const of = measured[i]!;
    const [low, high] = [Math.min(...of), Math.max(...of)];
    printLine(
      `${name.padEnd(width)}  ${median(of).toFixed(2).padStart(8)}  (${low.toFixed(2)} – ${
        high.toFixed(2)
      })`,
    );
  }
  return ExitCode.ok;
}
