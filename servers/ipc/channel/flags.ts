/**
 * Constants of the interface, with QNX Neutrino's names without their prefixes.
 *
 * @module
 */

/** Flags of a channel (`_NTO_CHF_…` of ChannelCreate()). */
export const ChannelFlag = {
  /** Receiving threads keep their own priority instead of inheriting the sender's. */
  FIXED_PRIORITY: 0x0001,
  /** Sends a pulse when a thread that has received on the channel ends. */
  THREAD_DEATH: 0x0004,
  /** Sends a pulse when all connections of a process are detached. */
  DISCONNECT: 0x0008,
  /** Sends a pulse for each connection of this process whose channel is destroyed. One channel per process. */
  COID_DISCONNECT: 0x0040,
  /** Only this process can attach. */
  PRIVATE: 0x1000,
} as const;

/**
 * An index of `connectAttach` that makes the connection's number larger than every descriptor
 * (`_NTO_SIDE_CHANNEL`).
 */
export const SIDE_CHANNEL = 0x4000_0000;

/** Flags of a connection (`_NTO_COF_…` of ConnectAttach()). */
export const ConnectFlag = {
  /** Closes it on exec. */
  CLOEXEC: 0x0001,
} as const;

/** The largest code of a program's pulse; negative codes are the system's. */
export const HIGHEST_CODE = 127;

/** Codes of the system's pulses (`_PULSE_CODE_…`); programs use 0 to 127. */
export const PulseCode = {
  /** All connections of the process `scoid` are detached. */
  DISCONNECT: -33,
  /** The thread `value` ended. */
  THREADDEATH: -34,
  /** The channel of this process's connection `value` is destroyed. */
  COIDDEATH: -35,
  /** To a resource manager: the connection to which the channel gave the number `value` is closed. */
  CLOSED: -64,
} as const;

/** Types of messages: the program's own, those of a resource manager's descriptors, and a gateway's. */
export const MessageType = { own: 0, open: 1, read: 2, write: 3, close: 4, node: 5 } as const;

/** One of `MessageType`. */
export type MessageType = typeof MessageType[keyof typeof MessageType];
