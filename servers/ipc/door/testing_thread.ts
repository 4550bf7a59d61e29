/**
 * A thread as a server may make it that manages its threads itself.
 *
 * @module
 */
import { doorBind } from "./mod.ts";

await doorBind();
self.close();
