/**
 * Linux constants that more than one file of this folder uses; they have the same values on x86-64 and
 * arm64. A constant with a single user is defined beside it.
 *
 * A Worker takes about a millisecond to load a module, so the modules of a Worker for one client
 * (`client_worker_main.ts`) do not import this one.
 *
 * @module
 */

/** Closes a descriptor on exec (open(2)); SOCK_CLOEXEC, EPOLL_CLOEXEC and SFD_CLOEXEC are the same bit. */
export const O_CLOEXEC = 0o2000000;

// Socket domains and types (socket(2)).
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;

/** Level of options and control messages of the socket itself (socket(7)). */
export const SOL_SOCKET = 1;

/** Control message that carries descriptors (unix(7)). */
export const SCM_RIGHTS = 1;

// Flags of send(2) and recv(2).
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;

// Events of poll(2).
export const POLLIN = 1;
export const POLLOUT = 4;
