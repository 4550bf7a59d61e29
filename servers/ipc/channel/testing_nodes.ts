/**
 * Two hosts in one machine: network namespaces, connected by a veth pair, with an sshd in the second. Keys and
 * configuration are in a temporary folder; nothing in /etc is read or written.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { fileStatus } from "../../posix/files.ts";
import { getuid } from "../../posix/processes.ts";
import { TemporaryFolder } from "../../testing/folder.ts";
import { type Outcome, RunningProcess } from "../../testing/process.ts";

/** It requires its absolute path. */
const SSHD = "/usr/sbin/sshd";
const PORT = "2222";

/** Runs a program to its end. */
export async function run(...words: string[]): Promise<Outcome> {
  await using running = new RunningProcess(words);
  return await running.ended();
}

/** Why two hosts with ssh cannot be made here; undefined: they can. */
export async function whyNoHosts(): Promise<string | undefined> {
  if (getuid() !== 0) return "only root can make network namespaces and start sshd";
  if (fileStatus(SSHD) === undefined) return `there is no ${SSHD} (apt-get install openssh-server)`;
  const probe = "nsenter --version && ip -V && ssh -V && unshare -n true";
  return (await run("sh", "-c", probe)).code === 0 ? undefined : "unshare, nsenter, ip or ssh fail";
}

/** A network namespace that is removed at the end of the block. */
export class Host extends RunningProcess {
  readonly address: string;

  private constructor(address: string) {
    super(["unshare", "-n", "sh", "-c", "echo && exec sleep 120"]);
    this.address = address;
  }

  /** Two connected ones. */
  static async pair(): Promise<[Host, Host]> {
    const pair: [Host, Host] = [new Host("10.77.0.1"), new Host("10.77.0.2")];
    for (const host of pair) await host.nextLine();
    const [here, there] = pair;
    const peer = ["peer", "name", "eth0", "netns", String(there.pid)];
    await here.run("ip", "link", "add", "eth0", "type", "veth", ...peer);
    for (const host of pair) {
      await host.run("ip", "link", "set", "lo", "up");
      await host.run("ip", "addr", "add", `${host.address}/24`, "dev", "eth0");
      await host.run("ip", "link", "set", "eth0", "up");
    }
    return pair;
  }

  /** The prefix of command lines to run in it. */
  get via(): string[] {
    return ["nsenter", "-t", String(this.pid), "-n"];
  }

  /** Its processes whose command line matches; see pgrep(1). */
  async matching(pattern: string): Promise<number[]> {
    const { stdout } = await run("pgrep", "--ns", `${this.pid}`, "--nslist", "net", "-f", pattern);
    return stdout.split("\n").filter((line) => line !== "").map(Number);
  }

  /** Runs a program in it, which must succeed. */
  async run(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...this.via, ...words);
    assertEquals(code, 0, `${words.join(" ")}: ${stderr}`);
    return stdout;
  }
}

/** An sshd on a host, and the keys to it. */
export class Sshd extends RunningProcess {
  readonly #folder: TemporaryFolder;

  /** Starts it and waits until it listens. */
  static async start(host: Host): Promise<Sshd> {
    const folder = new TemporaryFolder();
    const { path } = folder;
    for (const key of ["host", "known", "unknown"]) {
      await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${path}/${key}`);
    }
    const hostKey = Deno.readTextFileSync(`${path}/host.pub`);
    Deno.writeTextFileSync(`${path}/known_hosts`, `[${host.address}]:${PORT} ${hostKey}`);
    const server = {
      Port: PORT,
      ListenAddress: host.address,
      HostKey: `${path}/host`,
      AuthorizedKeysFile: `${path}/known.pub`,
      PidFile: "none",
      StrictModes: "no",
      UsePAM: "no",
      PasswordAuthentication: "no",
      KbdInteractiveAuthentication: "no",
    };
    Deno.writeTextFileSync(`${path}/sshd`, lines(server));
    for (const key of ["known", "unknown"]) {
      const client = {
        Port: PORT,
        IdentityFile: `${path}/${key}`,
        IdentitiesOnly: "yes",
        UserKnownHostsFile: `${path}/known_hosts`,
        StrictHostKeyChecking: "yes",
      };
      Deno.writeTextFileSync(`${path}/ssh-${key}`, lines(client));
    }
    // Its compiled-in folder for the separation of privileges, for it only.
    const prepare = "mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd";
    const command = `${prepare} && exec ${SSHD} -D -e -f ${path}/sshd 2>&1`;
    const sshd = new Sshd([...host.via, "unshare", "-m", "sh", "-c", command], folder);
    assertMatch(await sshd.nextLine() ?? "", /^Server listening on /);
    return sshd;
  }

  private constructor(command: readonly string[], folder: TemporaryFolder) {
    super(command);
    this.#folder = folder;
  }

  /** The ssh that has a key which sshd knows, or one that it does not know. */
  ssh(key: "known" | "unknown"): string {
    return `ssh -F ${this.#folder.path}/ssh-${key}`;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM"); // its title has replaced the environment by which its tree is found
    await super[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function lines(options: Readonly<Record<string, string>>): string {
  return Object.entries(options).map(([name, value]) => `${name} ${value}\n`).join("");
}
