/**
 * The listing of a design, with a fault: the first process or thread that comes to the place whose name is in a file
 * removes the file and throws; with an exclamation mark behind the name the file stays, and every one
 * throws. The query of this module's URL has the URL of the listing and the path of the file.
 *
 * @module
 */
import type { ChildContext, Listing, ParentContext } from "../design.ts";
import { tryReadText, unlink } from "../posix/files.ts";
import { close } from "../posix/io.ts";

const { searchParams } = new URL(import.meta.url);
const listing: Listing = await import(searchParams.get("listing")!);
const path = searchParams.get("fault")!;

/** Where a thread may throw. */
export type Place = "import" | "start" | "accept" | "serve" | "parent";

function isFaulty(place: Place): boolean {
  const fault = tryReadText(path);
  if (fault === `${place}!`) return true;
  if (fault !== place) return false;
  try {
    unlink(path);
    return true;
  } catch {
    return false; // another thread was first
  }
}

function throwAt(place: Place): void {
  if (isFaulty(place)) throw new Error(`thrown as ordered (${place})`);
}

throwAt("import");
if (isFaulty("start")) {
  setTimeout(() => {
    throw new Error("thrown as ordered (start)");
  });
  await new Promise(() => {});
}

/** The parent, which may fail at each child it starts and each connection it queues. */
export function parent(context: ParentContext): void {
  const { queue, children } = context;
  const startFor = children.startFor.bind(children);
  children.startFor = (connection) => {
    throwAt("parent");
    startFor(connection);
  };
  const put = (connection: number) => {
    throwAt("parent");
    queue.put(connection);
  };
  listing.parent!({ ...context, queue: { put, take: () => queue.take() } });
}

/** A child, which may fail while it holds the lock, and while it serves. */
export function child(context: ChildContext): void {
  listing.child!({
    ...context,
    lock: {
      acquire() {
        context.lock.acquire();
        throwAt("accept");
      },
      release: () => context.lock.release(),
    },
    serve(connection) {
      if (!isFaulty("serve")) return context.serve(connection);
      // Of a thread that is dead by then.
      queueMicrotask(() => {
        throw new Error("thrown too late");
      });
      close(connection);
      context.serve(-1);
    },
  });
}
