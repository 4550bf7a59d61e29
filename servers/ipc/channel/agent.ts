/**
 * The program that a gateway starts on another node: it serves one connection over standard input and output, and
 * ends with them.
 *
 * @module
 */
const OWN_ERROR = 70; // as other programs of Herd

const [STDIN, STDOUT] = [0, 1];

async function serve(): Promise<void> {
  // Loaded here: without permission to call C functions they cannot be, and who wrote the command is to know.
  const { dieWithParent, getppid } = await import("../../posix/processes.ts");
  const { Signal } = await import("../../posix/signals.ts");
  const { relayIn } = await import("./relay.ts");
  dieWithParent(getppid(), Signal.TERM); // with the session of sshd, even while it is blocked
  relayIn(STDIN, STDOUT);
}

if (import.meta.main) {
  try {
    await serve();
  } catch (error) {
    console.error(`agent: ${(error as Error).message}`);
    Deno.exit((error as { exitCode?: number }).exitCode ?? OWN_ERROR);
  }
}
