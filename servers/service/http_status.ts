/**
 * The statuses of HTTP replies.
 *
 * @module
 */

/** The status codes. */
export const Status = {
  ok: 200,
  badRequest: 400,
  notFound: 404,
  methodNotAllowed: 405,
  contentTooLarge: 413,
  headTooLarge: 431,
  versionNotSupported: 505,
} as const;

/** Their reason phrases. */
export const REASONS: Readonly<Record<number, string>> = {
  [Status.ok]: "OK",
  [Status.badRequest]: "Bad Request",
  [Status.notFound]: "Not Found",
  [Status.methodNotAllowed]: "Method Not Allowed",
  [Status.contentTooLarge]: "Content Too Large",
  [Status.headTooLarge]: "Request Header Fields Too Large",
  [Status.versionNotSupported]: "HTTP Version Not Supported",
};
