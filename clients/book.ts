/**
 * The load of the book (§30.2), which is the default everywhere: 10 clients × 500 connections × 4000 bytes,
 * against a pool of 15 children.
 *
 * @module
 */

export const BOOK = {
  /** Clients at the same time. */
  clients: 10,
  /** Connections each client makes, one after the other. */
  connections: 500,
  /** Bytes asked for on each connection. */
  bytes: 4000,
  /** Children of a pool. */
  children: 15,
} as const;
