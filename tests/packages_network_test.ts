/** Wheels from a server: only with a hash, only where the program may reach it, and never more than is said. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { loadPackages } from "../lib/host/packages/load.ts";
import { listCached } from "../lib/host/snapshot.ts";
import { readWheel } from "../lib/host/packages/source.ts";
import { runDeno } from "./run_deno.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { sha256, wheelOf } from "./fixtures/wheels.ts";

const NAME = "tiny-1.0-py3-none-any.whl";
const TINY = await wheelOf("tiny", { "tiny.py": "answer = 42\n" });
const HASH = await sha256(TINY);

/** A server of wheels that notes what it was asked for. */
class WheelServer implements AsyncDisposable {
  readonly asked: string[] = [];
  /** Paths whose clients went away while they waited. */
  readonly left: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stopped = Promise.withResolvers<Response>();

  constructor() {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      const { pathname, search } = new URL(request.url);
      this.asked.push(pathname + search);
      if (pathname.startsWith("/silent/")) {
        request.signal.addEventListener("abort", () => this.left.push(pathname), { once: true });
        return this.#stopped.promise;
      }
      if (pathname.startsWith("/broken/")) return brokenOff();
      return pathname.endsWith(`/${NAME}`)
        ? new Response(TINY)
        : new Response("none", { status: 404 });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.resolve(new Response());
    await this.#server.shutdown();
  }
}

/** A response that ends before it has said as much as it told, as where a connection is lost. */
function brokenOff(): Response {
  const headers = { "content-length": `${TINY.length}` };
  return new Response(ReadableStream.from([TINY.slice(0, 100)]), { headers });
}

function load(entry: string, packagesFrom?: string | URL, signal = AbortSignal.timeout(10_000)) {
  const from = packagesFrom === undefined ? {} : { packagesFrom };
  return loadPackages({ packages: [entry], ...from }, { memoryMb: 64, signal });
}

async function refusal(...args: Parameters<typeof load>): Promise<string> {
  return (await assertRejects(() => load(...args), SandboxStartError)).message;
}

Deno.test("a wheel comes from a URL, its own or that of packagesFrom, when it has the hash that was given", async () => {
  await using server = new WheelServer();
  const pinned = `${NAME}#sha256=${HASH}`;
  for (
    const [entry, from] of [
      [`${server.url}/a/${pinned}`, undefined],
      [pinned, `${server.url}/full?key=secret`],
      [pinned, new URL(`${server.url}/full/`)],
    ] as const
  ) {
    const loaded = await load(entry, from);
    assertEquals(loaded?.files[0], { path: "tiny.py", size: 12 });
  }
  assertEquals(server.asked, [`/a/${NAME}`, `/full/${NAME}?key=secret`, `/full/${NAME}`]);
});

Deno.test("what was downloaded is kept, and taken again as long as it has its hash", async () => {
  await using server = new WheelServer();
  await using folder = await temporaryFolder();
  const entry = `${server.url}/${NAME}#sha256=${HASH}`;
  const options = { memoryMb: 64, signal: AbortSignal.timeout(10_000), cache: folder.path };
  const load = async () => (await loadPackages({ packages: [entry] }, options))?.bytes;
  const first = await load();
  assertEquals(await load(), first);
  assertEquals(server.asked.length, 1);
  const [kept, ...more] = await listCached(folder.path);
  assertEquals([kept?.name, kept?.bytes, more], [`wheel-${HASH}.whl`, TINY.length, []]);
  await Deno.writeTextFile(`${folder.path}/${kept?.name}`, "something else");
  assertEquals(await load(), first);
  assertEquals(server.asked.length, 2);
  await Deno.remove(folder.path, { recursive: true });
  await Deno.writeTextFile(folder.path, "a file where the folder should be");
  assertEquals(await load(), first);
  assertEquals(server.asked.length, 3);
});

Deno.test("a wheel of the network without a hash is not even asked for", async () => {
  await using server = new WheelServer();
  const why = "a wheel of the network needs its hash; add #sha256= and 64 hexadecimal digits";
  assertEquals(await refusal(NAME, server.url), `Cannot load package "${NAME}": ${why}`);
  const url = `${server.url}/${NAME}`;
  assertEquals(await refusal(`${url}?key=secret`), `Cannot load package "${url}": ${why}`);
  assertEquals(server.asked, []);
});

Deno.test("an error tells what the server said, without what may be a key", async () => {
  await using server = new WheelServer();
  const other = `other-1.0-py3-none-any.whl`;
  const asked = `${server.url.replace("//", "//user:pass@")}/${other}?key=secret#sha256=${HASH}`;
  assertEquals(
    await refusal(asked),
    `Cannot load package "${server.url}/${other}": the server answered 404; check packagesFrom`,
  );
  const closed = `http://127.0.0.1:1/${NAME}`;
  assertEquals(
    await refusal(`${closed}#sha256=${HASH}`),
    `Cannot load package "${closed}": no connection; check packagesFrom and the network`,
  );
  const ftp = `ftp://127.0.0.1/${NAME}`;
  assertEquals(
    await refusal(`${ftp}#sha256=${HASH}`),
    `Cannot load package "${ftp}": only http:, https: and file: URLs can be read`,
  );
});

Deno.test("with the first wheel that can't be had the others are given up", async () => {
  await using server = new WheelServer();
  const silent = `${server.url}/silent/${NAME}`;
  const missing = `${server.url}/other-1.0-py3-none-any.whl`;
  const packages = [silent, missing].map((url) => `${url}#sha256=${HASH}`);
  const { message } = await assertRejects(
    () => loadPackages({ packages }, { memoryMb: 64, signal: AbortSignal.timeout(60_000) }),
    SandboxStartError,
  );
  assertEquals(
    message,
    `Cannot load package "${missing}": the server answered 404; check packagesFrom`,
  );
  while (server.left.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(server.left, [`/silent/${NAME}`]);
});

Deno.test("a server that says nothing, one that breaks off, and one that says too much are given up", async () => {
  await using server = new WheelServer();
  const silent = `${server.url}/silent/${NAME}`;
  assertEquals(
    await refusal(`${silent}#sha256=${HASH}`, undefined, AbortSignal.timeout(50)),
    `Cannot load package "${silent}": it was not read in time; raise startTimeoutMs`,
  );
  const reason = new Error("no longer wanted");
  const stopped = AbortSignal.abort(reason);
  assertEquals(
    await assertRejects(() => load(`${silent}#sha256=${HASH}`, undefined, stopped)),
    reason,
  );
  const broken = `${server.url}/broken/${NAME}`;
  assertMatch(
    await refusal(`${broken}#sha256=${HASH}`),
    /^Cannot load package ".*": it can't be read \(.+\); check its place$/,
  );
  const bounded = { signal: AbortSignal.timeout(10_000), maxBytes: 100 };
  const large = await assertRejects(
    () => readWheel(`${server.url}/${NAME}`, bounded),
    SandboxStartError,
  );
  assertStringIncludes(large.message, "it is larger than ");
});

Deno.test("a program that may not reach the server or read the folder is told the flag", async () => {
  await using server = new WheelServer();
  const program = new URL("./fixtures/load_package.ts", import.meta.url);
  const said = async (entry: string) =>
    JSON.parse((await runDeno(["run", "--no-check", "--quiet", program.href, entry])).text);
  const url = `${server.url}/${NAME}`;
  assertEquals(
    await said(`${url}#sha256=${HASH}`),
    `Cannot load package "${url}": this program may not fetch it; add --allow-net=${
      new URL(url).host
    }`,
  );
  assertEquals(
    await said(`/${NAME}`),
    `Cannot load package "/${NAME}": this program may not read it; add --allow-read=/${NAME}`,
  );
  assertEquals(await said(`file:///${NAME}`), await said(`/${NAME}`));
});
