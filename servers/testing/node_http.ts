/**
 * The HTTP server of Node, to compare with: the same service, behind the parser of others.
 *
 * @module
 */
import { succeeds } from "./starter.ts";

/** Whether there is a Node. */
export const hasNode = succeeds("node", "--version");

/** Answers as the service does, as far as the parser leaves it to the program. */
const PROGRAM = `
  const http = require("node:http");
  const server = http.createServer({ insecureHTTPParser: false, keepAliveTimeout: 0 }, (request, response) => {
    const [, digits] = /^(?:http:\\/\\/[^/]+)?\\/bytes\\/(\\d{1,8})$/i.exec(request.url) ?? [];
    const isFound = digits !== undefined && Number(digits) <= 16777216;
    const { method, headers } = request;
    const hasContent = Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;
    const isAllowed = method === "GET" || method === "HEAD";
    response.statusCode = !isAllowed ? 405 : hasContent ? 413 : isFound ? 200 : 404;
    if (hasContent) response.shouldKeepAlive = false;
    const body = response.statusCode === 200 ? "A".repeat(Number(digits)) : "";
    response.setHeader("Content-Length", body.length);
    response.end(body);
  });
  server.on("connect", (request, socket) => socket.end("HTTP/1.1 405 Method Not Allowed\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n"));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Starts it; disposing ends it. */
export async function startNode(): Promise<AsyncDisposable & { readonly port: number }> {
  const child = new Deno.Command("node", { args: ["-e", PROGRAM], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
