/**
 * The listing of a design whose server process has one child more, which was stopped as soon as it was forked:
 * before it could ask to end with its parent. The query of this module's URL is the URL of the listing.
 *
 * @module
 */
import type { Listing, ParentContext } from "../design.ts";
import { forkAgain } from "../posix/fork.ts";
import { getpid, kill } from "../posix/processes.ts";

const listing: Listing = await import(new URL(import.meta.url).searchParams.get("listing")!);

const SIGSTOP = 19;
let hasForked = false;

/** The parent: of the warm-up, in the same process, or of the pool. */
export function parent(context: ParentContext): void {
  if (!hasForked) forkAgain(() => kill(getpid(), SIGSTOP));
  hasForked = true;
  listing.parent!(context);
}

export const child = listing.child;
