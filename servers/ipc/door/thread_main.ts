/**
 * The program of a thread started by a pool.
 *
 * @module
 */
import { doorBind } from "./thread.ts";

await doorBind();
self.close();
