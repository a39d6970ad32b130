/** One host of the network, as a caller grants it. */
import { SandboxStartError } from "../errors.ts";

/**
 * Checks `host:port` and returns it in the spelling of `URL`, in which both Deno and the gateway compare it.
 *
 * @throws {SandboxStartError} When it is something else: a bare name would grant every port.
 */
export async function checkHost(granted: string): Promise<string> {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(granted);
  const [, name = "", digits = ""] = match ?? [];
  const port = Number(digits);
  const url = match && port > 0 && port < 65_536 && URL.parse(`http://${name}/`);
  if (!url) {
    throw new SandboxStartError(
      `Cannot grant net to ${JSON.stringify(granted)}: write host:port, such as "example.com:443"`,
    );
  }
  const host = `${url.hostname}:${port}`;
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state !== "granted") {
    throw new SandboxStartError(
      `Cannot grant net to ${
        JSON.stringify(granted)
      }: this program may not reach it; add --allow-net=${host}`,
    );
  }
  return host;
}
