/**
 * Property-based tests. The version stands here and not in deno.json: Deno downloads all that deno.json names
 * at the first command, and commands do not need this.
 *
 * @module
 */
export { default } from "npm:fast-check@4.10.2";
