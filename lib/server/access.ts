/** Who may call from where: names of the server, origins of pages, and whoever the operator lets in. */
import { Problem } from "./problem.ts";

/** What decides on access, as the handler's options have it. */
export interface AccessOptions {
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly authorize?: (request: Request) => boolean | string | Promise<boolean | string>;
}

/** The headers that a page of another origin may send and read. */
const CORS = {
  "access-control-allow-headers": "authorization, content-type, last-event-id, prefer",
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-expose-headers": "content-location, location, preference-applied, retry-after",
  "access-control-max-age": "600",
};

/** Decides on requests by their headers. */
export class Access {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #authorize: NonNullable<AccessOptions["authorize"]>;

  /** Throws `TypeError` for an origin that no browser would send, and for a host that is more than a name. */
  constructor({ hosts = [], origins = [], authorize = () => true }: AccessOptions) {
    for (const origin of origins) {
      if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
      throw new TypeError(`set origins: '${origin}' is no origin; write it as https://example.org`);
    }
    this.#hosts = new Set(hosts.map(nameOfHost));
    this.#origins = new Set(origins);
    this.#authorize = authorize;
  }

  /** Throws a problem for a name that is not the server's, and for a page that is not its own. */
  checkPlace(request: Request): void {
    if (!URL.canParse(request.url)) {
      throw new Problem(
        "bad_request",
        "read the address: it is none; send the server's name in Host",
      );
    }
    const { hostname } = new URL(request.url);
    if (!isUnmistakable(hostname) && !this.#hosts.has(hostname)) {
      throw new Problem(
        "unknown_host",
        `serve ${hostname}: it is not a name of this server; add it to hosts`,
      );
    }
    const origin = request.headers.get("origin");
    if (origin === null ? isFromElsewhere(request) : !this.#isOwn(origin, request)) {
      throw new Problem(
        "foreign_origin",
        `serve a page of ${origin ?? "another site"}: it is not of this server; add it to origins`,
      );
    }
  }

  /** Whoever asks, by name or as one of all; throws a problem when they may not. */
  async admit(request: Request): Promise<string | null> {
    const answer = await this.#authorize(request);
    // An empty name is most likely that of nobody.
    if (typeof answer === "string" && answer !== "") return answer;
    if (answer === true) return null;
    throw new Problem("unauthorized", "authorize the request: it was refused; send credentials", {
      "www-authenticate": "Bearer",
    });
  }

  /** What lets a page of an allowed origin read the response; nothing for all others. */
  corsHeaders(request: Request): Readonly<Record<string, string>> {
    const origin = request.headers.get("origin");
    if (this.#origins.size === 0) return {};
    if (origin === null || !this.#origins.has(origin)) return { vary: "Origin" };
    const own = { "access-control-allow-origin": origin, vary: "Origin" };
    return { ...CORS, ...own };
  }

  #isOwn(origin: string, request: Request): boolean {
    if (this.#origins.has(origin)) return true;
    // Behind a proxy that ends TLS the scheme differs; the name and the port are what counts.
    return URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;
  }
}

/** A host's name as addresses have it. A port is refused rather than left out: it would seem to be checked. */
function nameOfHost(host: string): string {
  const url = URL.parse(`http://${host}/`);
  if (url !== null && url.href === `http://${url.hostname}/`) return url.hostname;
  throw new TypeError(`set hosts: '${host}' is no name; write it as example.org, without a port`);
}

/** No name server decides where these lead. */
function isUnmistakable(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
}

/** A browser says so when another site's page loads this as its own part; following a link is no such thing. */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  return (site === "cross-site" || site === "same-site") &&
    headers.get("sec-fetch-mode") !== "navigate";
}
