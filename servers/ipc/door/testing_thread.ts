/**
 * A thread of a server with its own `doorServerCreate` function.
 *
 * @module
 */
import { doorBind } from "./mod.ts";

await doorBind();
self.close();
