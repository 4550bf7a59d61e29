/**
 * Three machines for tests: network namespaces on a bridge, each with an sshd of its own, or the nodes of a Slurm.
 * The clock of the second is ahead of the others (time_namespaces(7)). Nothing of it needs a file of the system.
 *
 * @module
 */
import { namesIn, tryReadText } from "../../servers/posix/files.ts";
import { eventually } from "../../servers/testing/process.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";

/** Seconds that the second host's monotonic clock is ahead. */
export const AHEAD_SECONDS = 5;

/** Where the server listens, and its clients come from. */
export const ADDRESS = "10.99.0.1";

const PROGRAMS = ["ip", "nsenter", "unshare", "ssh", "ssh-keygen", "/usr/sbin/sshd"];

/** What is missing for hosts; undefined: nothing. */
export function lackOfHosts(more: readonly string[] = []): string | undefined {
  const missing = [...PROGRAMS, ...more].find((name) =>
    !new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null" }).outputSync()
      .success
  );
  if (missing !== undefined) return `there is no ${missing}`;
  const probe = [
    "--net",
    "--time",
    "--fork",
    "--monotonic",
    "1",
    "ip",
    "link",
    "add",
    "type",
    "bridge",
  ];
  const { success } = new Deno.Command("unshare", { args: probe, stderr: "null" }).outputSync();
  return success ? undefined : "there can be no namespaces";
}

/** Hosts over one engine. */
export class TestHosts implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly #running: Deno.ChildProcess[] = [];
  readonly #prefix = `herd-${Deno.pid}`;
  readonly #nodes: string;

  /** Their names, and how to reach them. */
  readonly names: readonly string[];
  readonly via: string;

  private constructor(readonly engine: "ssh" | "clush" | "srun") {
    this.#nodes = engine === "srun" ? "n" : "h";
    this.names = [1, 2, 3].map((i) => `${this.#nodes}${i}`);
    const config = `-F${this.#folder.path}/config`;
    this.via = {
      ssh: `ssh ${config}`,
      clush: `clush -o${config}`,
      srun: `srun --export=ALL,XDG_CACHE_HOME=${this.#cache}`,
    }[engine];
  }

  /** Makes hosts, and waits until they can be reached. */
  static async up(engine: "ssh" | "clush" | "srun"): Promise<TestHosts> {
    await using starting = new AsyncDisposableStack();
    const hosts = starting.use(new TestHosts(engine));
    hosts.#makeNetwork();
    await (engine === "srun" ? hosts.#startSlurm() : hosts.#startSshd());
    starting.move();
    return hosts;
  }

  /** A program that runs another one on the machine of the server. */
  get server(): string[] {
    return ["nsenter", `--net=/run/netns/${this.#prefix}-s`];
  }

  /** Its environment there. */
  get environment(): Record<string, string> {
    return this.engine === "srun" ? { SLURM_CONF: this.#file("slurm.conf") } : {};
  }

  /** Processes of Herd on the hosts: those with a folder of their own. */
  pids(): number[] {
    return namesIn("/proc").map(Number).filter((pid) =>
      pid > 0 && tryReadText(`/proc/${pid}/environ`)?.includes(`DENO_DIR=${this.#cache}/herd`)
    );
  }

  /** The same, as their command lines. */
  left(): string[] {
    return this.pids().flatMap((pid) =>
      tryReadText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").slice(0, 200) || []
    );
  }

  /** Takes the link of the second host down, or brings it up again. */
  setLink(state: "up" | "down"): void {
    run("ip", "-n", `${this.#prefix}-s`, "link", "set", "v2", state);
  }

  /** Jobs that Slurm has, or is ending. */
  jobs(): string {
    return run("env", `SLURM_CONF=${this.#file("slurm.conf")}`, ...this.server, "squeue", "-h");
  }

  get #cache(): string {
    return `${this.#folder.path}/cache`;
  }

  #file(name: string): string {
    return `${this.#folder.path}/${name}`;
  }

  #write(name: string, ...lines: readonly string[]): string {
    Deno.writeTextFileSync(this.#file(name), lines.map((line) => `${line}\n`).join(""));
    return this.#file(name);
  }

  #makeNetwork(): void {
    const server = `${this.#prefix}-s`;
    const ip = (...args: string[]) => run("ip", ...args);
    ip("netns", "add", server);
    ip("-n", server, "link", "set", "lo", "up");
    ip("-n", server, "link", "add", "br0", "type", "bridge");
    ip("-n", server, "addr", "add", `${ADDRESS}/24`, "dev", "br0");
    ip("-n", server, "link", "set", "br0", "up");
    for (const i of [1, 2, 3]) {
      const host = `${this.#prefix}-${i}`;
      ip("netns", "add", host);
      ip("-n", host, "link", "set", "lo", "up");
      const peer = ["type", "veth", "peer", "name", "eth0", "netns", host];
      ip("-n", server, "link", "add", `v${i}`, ...peer);
      ip("-n", server, "link", "set", `v${i}`, "master", "br0", "up");
      ip("-n", host, "addr", "add", `10.99.0.1${i}/24`, "dev", "eth0");
      ip("-n", host, "link", "set", "eth0", "up");
    }
  }

  /** Runs a program on a host until the hosts are disposed of. The clock of the second is ahead. */
  #start(host: number | "s", program: string, ...args: readonly string[]): void {
    const clock = host === 2
      ? ["unshare", "--time", "--fork", "--kill-child", "--monotonic", `${AHEAD_SECONDS}`]
      : [];
    this.#running.push(
      new Deno.Command("nsenter", {
        args: [`--net=/run/netns/${this.#prefix}-${host}`, ...clock, program, ...args],
        env: this.environment,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    );
  }

  async #startSshd(): Promise<void> {
    const keygen = ["-q", "-t", "ed25519", "-N", "", "-f"];
    for (const key of ["id", "host"]) run("ssh-keygen", ...keygen, this.#file(key));
    run("mkdir", "-p", "/run/sshd"); // compiled in
    const hostKey = Deno.readTextFileSync(this.#file("host.pub")).split(" ").slice(0, 2).join(" ");
    this.#write("known", ...this.names.map((name) => `${name} ${hostKey}`), `bare ${hostKey}`);
    Deno.mkdirSync(this.#file("bin"));
    run("ln", "-s", "/bin/sh", `${this.#file("bin")}/sh`);
    for (const i of [1, 2, 3]) this.#sshd(i, 2222, `SetEnv XDG_CACHE_HOME=${this.#cache}`);
    this.#sshd(3, 2223, `SetEnv PATH=${this.#file("bin")} HOME=/nonexistent`); // a host without Deno
    this.#write(
      "config",
      "Host *",
      ...["User root", "IdentitiesOnly yes", "StrictHostKeyChecking yes", "LogLevel ERROR"],
      `IdentityFile ${this.#file("id")}`,
      `UserKnownHostsFile ${this.#file("known")}`,
      "Port 2222",
      ...this.names.flatMap((name, i) => [
        `Host ${name}`,
        `HostName 10.99.0.1${i + 1}`,
        `HostKeyAlias ${name}`,
      ]),
      ...["Host bare", "HostName 10.99.0.13", "HostKeyAlias bare"],
    );
    // The first value that ssh finds is the one that it uses.
    const config = Deno.readTextFileSync(this.#file("config"));
    this.#write("config", "Host bare", "Port 2223", config);
    const ssh = (name: string) => ["ssh", `-F${this.#file("config")}`, name, ":"];
    for (const name of [...this.names, "bare"]) {
      await eventually(
        `the sshd of ${name}`,
        () => succeeds([...this.server, ...ssh(name)]) || undefined,
      );
    }
  }

  #sshd(host: number, port: number, environment: string): void {
    const config = this.#write(
      `sshd-${host}-${port}`,
      `Port ${port}`,
      `ListenAddress 10.99.0.1${host}`,
      `HostKey ${this.#file("host")}`,
      `AuthorizedKeysFile ${this.#file("id.pub")}`,
      ...["PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no"],
      environment,
    );
    this.#start(host, "/usr/sbin/sshd", "-D", "-f", config);
  }

  async #startSlurm(): Promise<void> {
    const key = this.#file("munge.key");
    Deno.writeFileSync(key, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
    Deno.mkdirSync(this.#file("munge"));
    const munge = ["socket", "pid-file", "seed-file", "log-file"].map((name) =>
      `--${name}=${this.#file("munge")}/${name}`
    );
    this.#start("s", "munged", "--foreground", "--force", `--key-file=${key}`, ...munge);
    this.#write("cgroup.conf", "CgroupPlugin=cgroup/v1");
    this.#write(
      "slurm.conf",
      "ClusterName=herd",
      `SlurmctldHost=${run("hostname", "-s").trim()}(${ADDRESS})`,
      "SlurmUser=root",
      "AuthType=auth/munge",
      `AuthInfo=socket=${this.#file("munge")}/socket`,
      ...["CredType=cred/munge", "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none"],
      ...["JobAcctGatherType=jobacct_gather/none", "AccountingStorageType=accounting_storage/none"],
      ...["SelectType=select/cons_tres", "SelectTypeParameters=CR_CPU", "MpiDefault=none"],
      ...["SchedulerType=sched/builtin", "ReturnToService=2", "SlurmdParameters=config_overrides"],
      "SchedulerParameters=batch_sched_delay=0,sched_interval=1",
      ...["KillWait=2", "UnkillableStepTimeout=10"],
      ...["StateSaveLocation", "SlurmdSpoolDir", "SlurmctldPidFile", "SlurmdPidFile"].map((name) =>
        `${name}=${this.#file(name)}${name.startsWith("Slurmd") ? "-%n" : ""}`
      ),
      ...this.names.map((name, i) => `NodeName=${name} NodeAddr=10.99.0.1${i + 1} CPUs=2`),
      "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES:4",
    );
    await eventually("munged", () => tryReadText(`${this.#file("munge")}/pid-file`));
    this.#start("s", "slurmctld", "-D", "-i");
    for (const i of [1, 2, 3]) {
      const name = `${this.#nodes}${i}`;
      const script = `hostname ${name}; exec slurmd -D -N ${name}`;
      this.#start(i, "unshare", "--uts", "sh", "-c", script);
    }
    const idle = ["timeout", "3", "sinfo", "-h", "-t", "idle", "-o", "%D"];
    const env = `SLURM_CONF=${this.#file("slurm.conf")}`;
    await eventually(
      "three idle nodes",
      () => output("env", env, ...this.server, ...idle).trim() === "3" || undefined,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running.toReversed()) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended.
      }
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await child.status;
      clearTimeout(timer);
    }
    for (const name of ["s", "1", "2", "3"]) {
      const host = `${this.#prefix}-${name}`;
      for (const pid of output("ip", "netns", "pids", host).split("\n")) {
        if (Number(pid) > 0) Deno.kill(Number(pid), "SIGKILL");
      }
      output("ip", "netns", "del", host);
    }
    this.#folder[Symbol.dispose]();
  }
}

/** Runs a program; what it prints. @throws {Error} if it fails. */
function run(program: string, ...args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args: [...args] }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}

/** What a program prints, whether it fails or not. */
function output(program: string, ...args: readonly string[]): string {
  return new TextDecoder().decode(
    new Deno.Command(program, { args: [...args], stderr: "null" }).outputSync().stdout,
  );
}

function succeeds([program, ...args]: readonly string[]): boolean {
  const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
  return new Deno.Command(program!, { args, ...quiet }).outputSync().success;
}
