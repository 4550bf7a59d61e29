/**
 * The program of a thread that a pool starts by itself.
 *
 * @module
 */
import { doorBind } from "./thread.ts";

await doorBind();
self.close();
