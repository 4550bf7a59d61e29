/**
 * Serves the checkout over HTTP at a free port, which it prints, as any server of files does.
 *
 * @module
 */
if (import.meta.main) {
  const onListen = ({ port }: { readonly port: number }) => console.log(port);
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async ({ url }) => {
    try {
      return new Response(await Deno.readFile(`${import.meta.dirname}/..${new URL(url).pathname}`));
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
