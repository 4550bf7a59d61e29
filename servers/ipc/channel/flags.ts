/**
 * The numbers of the interface, under QNX Neutrino's names without their prefixes.
 *
 * @module
 */

/** What a channel is asked for when it is made (`_NTO_CHF_…` of ChannelCreate()). */
export const ChannelFlag = {
  /** Receiving threads keep their own priority instead of taking on the sender's. */
  FIXED_PRIORITY: 0x0001,
  /** A pulse when a thread that has received on the channel ends. */
  THREAD_DEATH: 0x0004,
  /** A pulse when all connections of a process are detached. */
  DISCONNECT: 0x0008,
  /** A pulse for each connection of this process whose channel is destroyed. One channel a process. */
  COID_DISCONNECT: 0x0040,
  /** Only this process may attach. */
  PRIVATE: 0x1000,
} as const;

/**
 * Added to the index of `connectAttach`: the connection's number is beyond every descriptor's
 * (`_NTO_SIDE_CHANNEL`).
 */
export const SIDE_CHANNEL = 0x4000_0000;

/** How a connection is made (`_NTO_COF_…` of ConnectAttach()). */
export const ConnectFlag = {
  /** It is closed in programs that this process starts. */
  CLOEXEC: 0x0001,
} as const;

/** Codes of pulses that the system sends (`_PULSE_CODE_…`); those from 0 to 127 are for programs. */
export const PulseCode = {
  /** All connections of the process `scoid` are detached. */
  DISCONNECT: -33,
  /** The thread `value` ended. */
  THREADDEATH: -34,
  /** The channel behind the connection `value` of this process is gone. */
  COIDDEATH: -35,
  /** To a resource manager: the connection that the channel gave the number `value` is closed. */
  CLOSED: -64,
} as const;

/** What a message is for: the program's own, or one of a resource manager's descriptors. */
export const MessageType = { own: 0, open: 1, read: 2, write: 3, close: 4, node: 5 } as const;

/** One of `MessageType`. */
export type MessageType = typeof MessageType[keyof typeof MessageType];
