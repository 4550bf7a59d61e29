/**
 * The program of a test's thread: runs the functions it gets.
 *
 * @module
 */
import { gettid } from "../../posix/processes.ts";
import * as channel from "./mod.ts";

self.addEventListener("message", (event) => {
  const { body, data } = (event as MessageEvent<{ body: string; data: unknown }>).data;
  const { postMessage } = self as unknown as Worker;
  try {
    postMessage({ result: new Function("channel", "gettid", "data", body)(channel, gettid, data) });
  } catch (error) {
    postMessage({ error });
  }
});
