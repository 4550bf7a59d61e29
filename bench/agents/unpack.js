// What Deno runs first on another machine, with the hash of Herd's sources, a folder, the host's name and a version of
// Deno as arguments: it reads the sources from standard input, writes them into that folder, and runs host_main.ts.
// A folder that is there is whole, since it got its name when it was. JavaScript: it has to run on any Deno.

const [hash, folder, host, version] = Deno.args;
const say = (message) => {
  console.log(JSON.stringify({ event: "refused", host, message }));
  Deno.exit(4);
};
const minor = (text) => text.split(".").slice(0, 2).join(".");
if (minor(Deno.version.deno) !== minor(version)) {
  say(
    "it has Deno " + Deno.version.deno + ", here is " + version + "; write deno upgrade " +
      version + " there",
  );
}
const parts = [];
let end = -1;
for (const part = new Uint8Array(65536); end === -1;) {
  const length = await Deno.stdin.read(part);
  if (length === null) Deno.exit(0);
  end = part.subarray(0, length).indexOf(10);
  parts.push(part.slice(0, end === -1 ? length : end));
  if (end !== -1) parts.rest = part.slice(end + 1, length);
}
const text = await new Blob(parts).text();
const gzip = await (await fetch("data:;base64," + text)).blob();
const bytes = await new Response(gzip.stream().pipeThrough(new DecompressionStream("gzip")))
  .arrayBuffer();
const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
if (digest !== hash) say("what arrived is not what was sent");
const exists = (path) => Deno.stat(path).then(() => true, () => false);
if (!await exists(folder + "/sources")) {
  const own = folder + "/" + crypto.randomUUID();
  for (const [path, source] of Object.entries(JSON.parse(new TextDecoder().decode(bytes)))) {
    await Deno.mkdir((own + "/" + path).replace(/[/][^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(own + "/" + path, source);
  }
  await Deno.rename(own, folder + "/sources").catch(() => Deno.remove(own, { recursive: true }));
}
const url = "file://" + folder.split("/").map(encodeURIComponent).join("/");
const { main } = await import(url + "/sources/bench/agents/host_main.ts");
Deno.exit(await main(host, hash, parts.rest));
