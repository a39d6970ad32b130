/** The stand-ins served over HTTP, as a registry is. */
import { STAND_INS } from "./tasks/jsr_url.ts";

/** Serves `tests/jsr` on loopback until it is disposed of. */
export function serveStandIns(): Deno.HttpServer<Deno.NetAddr> {
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  return Deno.serve(options, async ({ url }) => {
    const file = new URL(`.${new URL(url).pathname}`, STAND_INS);
    const type = file.pathname.endsWith(".ts") ? "text/typescript" : "application/json";
    try {
      return new Response(await Deno.readFile(file), { headers: { "content-type": type } });
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
}

/** The address of a server on loopback, with a slash at its end. */
export function addressOf(server: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${server.addr.port}/`;
}
