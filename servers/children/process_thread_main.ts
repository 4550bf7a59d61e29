/**
 * The program of a thread of a process with several.
 *
 * @module
 */
import { runThread, type ThreadStart } from "./process_threads.ts";

self.addEventListener("message", (event) => runThread((event as MessageEvent<ThreadStart>).data));
