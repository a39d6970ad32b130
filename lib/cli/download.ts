/** Downloads a context: only http, few redirects, a cap on its size, and no redirect into a private network. */
import { readAtMost } from "./decode.ts";
import { UsageError } from "./usage_error.ts";

/** How a download is bounded. */
export interface DownloadOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer has begun. @default {30_000} */
  readonly timeoutMs?: number;
}

const MAX_REDIRECTS = 5;

/** Fetches an address that the user typed. */
export async function download(
  address: string,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  let url = new URL(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await request(url, options);
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = followRedirect(url, location);
      continue;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new UsageError(
        `cannot fetch ${url}: the server answered ${response.status}, check the address`,
      );
    }
    return response.body === null
      ? new Uint8Array()
      : await readAtMost(response.body, url.href, options.maxBytes);
  }
  throw new UsageError(
    `cannot fetch ${address}: more than ${MAX_REDIRECTS} redirects, give the final address`,
  );
}

/** One request, without following redirects. */
async function request(
  url: URL,
  { signal, timeoutMs = 30_000 }: DownloadOptions,
): Promise<Response> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    return await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.any(signal === undefined ? [timeout.signal] : [signal, timeout.signal]),
    });
  } catch (error) {
    if (signal?.aborted || error instanceof Deno.errors.NotCapable) throw error;
    const why = timeout.signal.aborted ? `no answer in ${timeoutMs / 1000} s` : "no connection";
    throw new UsageError(`cannot fetch ${url}: ${why}, check the address and the network`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where a redirect leads. Whoever types the address of a private network means it, so that is fetched; a public server
 * must not be able to send us to one.
 */
export function followRedirect(from: URL, location: string): URL {
  const to = URL.parse(location, from);
  if (to === null || (to.protocol !== "http:" && to.protocol !== "https:")) {
    throw new UsageError(`cannot fetch ${from}: it redirects to ${location}, give an http address`);
  }
  if (isPrivate(to.hostname) && !isPrivate(from.hostname)) {
    throw new UsageError(
      `cannot fetch ${from}: it redirects into a private network (${to.hostname}), give that address itself if you trust it`,
    );
  }
  return to;
}

/** Whether a host name is by its form one of a private network or of this machine. */
function isPrivate(host: string): boolean {
  return /^(localhost|.*\.(localhost|local|internal))\.?$/i.test(host) ||
    /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./
      .test(host) ||
    // Also those that stand for an address of the older kind.
    /^\[(::1?|f[cd].*|fe[89ab].*|::ffff:.*|64:ff9b:.*|2002:.*)\]$/i.test(host);
}
