/**
 * The load of the book (UNP §30.2), the default everywhere: 10 clients × 500 connections × 4000 bytes,
 * against a pool of 15 children.
 *
 * @module
 */

export const BOOK = {
  /** Number of concurrent clients. */
  clients: 10,
  /** Connections per client, one after another. */
  connections: 500,
  /** Bytes requested on each connection. */
  bytes: 4000,
  /** Number of children of a pool. */
  children: 15,
} as const;
