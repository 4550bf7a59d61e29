/**
 * What only tests do to rings of io_uring.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { descriptorsOf } from "./files.ts";
import { libc } from "./libc.ts";
import { getpid } from "./processes.ts";

const SYS_io_uring_register = 427;
const REGISTER_SYNC_CANCEL = 24;
const CANCEL_ALL = 1;
const CANCEL_FD = 2;

/** Cancels all operations of this thread's rings on a descriptor (io_uring_register(2), Linux 6.0). */
export function cancelOperations(fd: number): void {
  const rings = descriptorsOf(getpid()).filter(({ target }) => target === "anon_inode:[io_uring]");
  for (const { descriptor: ring } of rings) {
    const cancel = new DataView(new ArrayBuffer(64)); // struct io_uring_sync_cancel_reg
    cancel.setInt32(8, fd, true);
    cancel.setUint32(12, CANCEL_ALL | CANCEL_FD, true);
    cancel.setBigInt64(16, -1n, true); // no timeout
    cancel.setBigInt64(24, -1n, true);
    const bytes = new Uint8Array(cancel.buffer);
    const result = libc.io_uring_register(
      SYS_io_uring_register,
      ring,
      REGISTER_SYNC_CANCEL,
      bytes,
      1,
    );
    checked(result, "io_uring_register", `cancel what waits for descriptor ${fd}`);
  }
}
