/** Ways out of the sandbox, as hostile code would try them, so that a user can see each one refused on their own machine. */
import { createSandbox } from "../host/mod.ts";
import type { Cell, Sandbox, SandboxOptions } from "../host/sandbox.ts";
import { makeVisible } from "../engine/shown_text.ts";

/** What an attempt is made against: things of the host that no guest may come by. */
interface Bait {
  /** A file on the host. */
  readonly file: string;
  /** Content of that file, and the value of a variable in the host's environment. */
  readonly secret: string;
  /** A port on which the host listens. */
  readonly port: number;
}

/** One attempt: code that ends well only when it got out. */
interface Attempt {
  readonly title: string;
  readonly code: (bait: Bait) => string;
  /** Milliseconds until it is stopped, where that is what must happen. */
  readonly timeoutMs?: number;
}

const text = (value: string): string => JSON.stringify(value);

const ATTEMPTS: readonly Attempt[] = [
  { title: "Deno through js", code: () => "import js\njs.Deno.version" },
  {
    title: "JavaScript by run_js",
    code: () => "from pyodide.code import run_js\nrun_js('globalThis')",
  },
  {
    title: "JavaScript by ctypes",
    code: () => "import ctypes\nctypes.CDLL(None).emscripten_run_script_int(b'6*7')",
  },
  {
    title: "JavaScript from the network",
    code: ({ port }) => `import js\nawait js.eval("import('http://127.0.0.1:${port}/')")`,
  },
  { title: "a file of the host", code: ({ file }) => `open(${text(file)}).read()` },
  {
    title: "the host's environment",
    code: ({ secret }) =>
      `import os\nif ${text(secret)} not in os.environ.values(): raise KeyError("it is not there")`,
  },
  {
    title: "a socket",
    code: ({ port }) => `import socket\nsocket.socket().connect(("127.0.0.1", ${port}))`,
  },
  {
    title: "a page by urllib",
    code: ({ port }) =>
      `import urllib.request\nurllib.request.urlopen("http://127.0.0.1:${port}/", timeout=1)`,
  },
  { title: "a program by os.system", code: () => "import os\nos.system('true')" },
  {
    title: "a program by subprocess",
    code: () => "import subprocess\nsubprocess.run('true')",
  },
  {
    title: "a package from the network",
    code: () => "import micropip\nawait micropip.install('snowballstemmer')",
  },
  {
    title: "all memory",
    code: () => "taken = []\nwhile True: taken.append(bytearray(2**25))",
  },
  { title: "an endless loop", code: () => "while True: pass", timeoutMs: 400 },
  {
    title: "a loop that catches being stopped",
    code: () => "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    timeoutMs: 400,
  },
];

/** How an attempt ended; `refusal` is null when it got out. */
export interface AttemptResult {
  readonly title: string;
  readonly refusal: string | null;
}

/** Makes all attempts, one after the other, in one sandbox, which must be of use after each. */
export async function* attemptEscapes(
  signal: AbortSignal,
  { backend = "subprocess" }: Pick<SandboxOptions, "backend"> = {},
): AsyncGenerator<AttemptResult> {
  using bait = layBait();
  await using sandbox = await createSandbox({ backend, timeoutMs: 10_000, memoryMb: 256, signal });
  for (const { title, code, timeoutMs = 10_000 } of ATTEMPTS) {
    const cell = await sandbox.execute(code(bait), { signal, timeoutMs });
    const isOut = cell.status === "ok" || cell.status === "submitted" || bait.taken();
    const refusal = isOut ? null : refusalOf(cell);
    yield { title, refusal: isOut || await isUsable(sandbox, signal) ? refusal : null };
  }
}

async function isUsable(sandbox: Sandbox, signal: AbortSignal): Promise<boolean> {
  return (await sandbox.execute("6 * 7", { signal })).value === "42";
}

function refusalOf({ status, error }: Cell): string {
  const [reason = ""] = error?.message.split("\n") ?? [];
  const why = error === null ? status : `${error.type}${reason === "" ? "" : `: ${reason}`}`;
  return makeVisible(status === "lost" ? `${why} (the process was replaced)` : why);
}

/** Lays out a file, a variable and a port; `taken` tells whether anybody has connected since it was last asked. */
function layBait(): Bait & Disposable & { taken(): boolean } {
  const secret = `bait-${crypto.randomUUID()}`;
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, secret);
  Deno.env.set(VARIABLE, secret);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  void (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  return {
    file,
    secret,
    port: listener.addr.port,
    taken: () => {
      const taken = connections > 0;
      connections = 0;
      return taken;
    },
    [Symbol.dispose]: () => {
      listener.close();
      Deno.env.delete(VARIABLE);
      Deno.removeSync(file);
    },
  };
}

/** The variable that holds the secret. */
const VARIABLE = "RLM_DOCTOR_BAIT";
