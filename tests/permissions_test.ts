/** The child's command line, flag by flag, and that those flags do in a real process what they are for. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { NO_GRANTS } from "../lib/host/grant_flags.ts";
import { childCommand, type ChildOptions } from "../lib/host/permissions.ts";
import { PYODIDE_FILES, pyodideFolder } from "../lib/host/pyodide_files.ts";
import { GATEWAY } from "../sandbox/runner.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

const OPTIONS: ChildOptions = {
  pyodide: "/cache/pyodide/",
  snapshot: "/cache/rlm/snapshot.bin",
  memoryMb: 2_048,
  program: "'the program'",
  grants: NO_GRANTS,
};

const PROGRAM = "data:text/javascript;base64,J3RoZSBwcm9ncmFtJw==";

/** The flags in front of the program. */
function flags(options: Partial<ChildOptions> = {}): string[] {
  const { args } = childCommand({ ...OPTIONS, ...options });
  return args.slice(0, args.findIndex((arg) => arg.startsWith("data:")));
}

Deno.test("the child's flags deny all but the few files that it must read, and are exactly these", () => {
  const seen = flags();
  Deno.stdout.writeSync(new TextEncoder().encode(`\ndeno ${seen.join("\n  ")}\n`));
  assertEquals(seen[0], "run");
  assertEquals(seen.toSorted(), [
    "--allow-read=/cache/pyodide/pyodide.mjs,/cache/pyodide/pyodide.asm.mjs," +
    "/cache/pyodide/pyodide.asm.wasm,/cache/pyodide/python_stdlib.zip,/cache/rlm/snapshot.bin",
    "--cached-only",
    "--deny-env",
    "--deny-ffi",
    "--deny-import",
    "--deny-net",
    "--deny-run",
    "--deny-sys",
    "--deny-write",
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-prompt",
    "--no-remote",
    "--quiet",
    "--unstable-worker-options",
    `--v8-flags=${v8Flags().join(",")}`,
    "run",
  ]);
});

/** What the engine is told, flag by flag. */
function v8Flags(options: Partial<ChildOptions> = {}): string[] {
  const flag = flags(options).find((flag) => flag.startsWith("--v8-flags="));
  return flag?.slice("--v8-flags=".length).split(",") ?? [];
}

Deno.test("the engine runs no code from strings, and no more memory and stack than these", () => {
  assertEquals(v8Flags().toSorted(), [
    "--disallow-code-generation-from-strings",
    "--max-old-space-size=512",
    "--stack-size=8000",
    "--wasm-max-mem-pages=32768",
    "--wasm-stack-switching-stack-size=8000",
  ]);
});

Deno.test("the child's environment holds these variables and nothing of the caller's", () => {
  const { env } = childCommand(OPTIONS);
  assertEquals(env, {
    DENO_DIR: Deno.build.os === "windows" ? "NUL\\none" : "/dev/null/none",
    DENO_NO_PACKAGE_JSON: "1",
    DENO_NO_UPDATE_CHECK: "1",
    MALLOC_MMAP_THRESHOLD_: "16777216",
    NO_COLOR: "1",
  });
});

Deno.test("the program is an argument, and needs no file that the child may read", () => {
  const { args } = childCommand(OPTIONS);
  const at = args.indexOf(PROGRAM);
  // What follows it is the program's own: the bytes that the process may hold.
  assertEquals(args.slice(at), [PROGRAM, String((3 * 2_048 + 512) * 1024 ** 2)]);
  const real = childCommand({ ...OPTIONS, program: GATEWAY });
  // Linux takes no argument longer than 128 KiB.
  for (const arg of real.args) assertLess(arg.length, 128 * 1024);
});

Deno.test("without a snapshot, Pyodide's files alone are readable", () => {
  const [read] = flags({ snapshot: null }).filter((flag) => flag.startsWith("--allow"));
  assertEquals(
    read,
    `--allow-read=${PYODIDE_FILES.map((name) => `/cache/pyodide/${name}`).join(",")}`,
  );
});

Deno.test("the memory cap is given in pages of WebAssembly", () => {
  for (const [memoryMb, pages] of [[64, 1_024], [100.5, 1_608], [4_096, 65_536]] as const) {
    assert(v8Flags({ memoryMb }).includes(`--wasm-max-mem-pages=${pages}`));
  }
});

Deno.test("a path that would become another flag's value is refused before anything starts (R30)", () => {
  const paths = [
    "/tmp/a,/etc",
    "/tmp/x\n--allow-run",
    "/tmp/nul\0byte",
    "/tmp/tab\t",
    "/tmp/bell\x07",
    "/tmp/next line\u0085",
    ",",
  ];
  for (const path of paths) {
    for (const options of [{ snapshot: path }, { pyodide: `${path}/` }]) {
      const error = assertThrows(() => flags(options), SandboxStartError);
      const named = "snapshot" in options ? path : `${path}/pyodide.mjs`;
      const { name, message, usage, trajectory } = error;
      assertEquals({ name, message, usage, trajectory }, {
        name: "SandboxStartError",
        message: `Cannot grant path: ${
          JSON.stringify(named)
        } has a comma or a control character; move it to a folder without`,
        usage: null,
        trajectory: [],
      });
    }
  }
});

Deno.test("a path stays one value of one flag, whatever else is in it (R30)", () => {
  for (
    const path of [
      "/a b/c",
      "/--allow-run",
      "--allow-all",
      "/a=b",
      '/"q"',
      "/ü🐍",
      "/*",
      "/a;b|c&d$e",
    ]
  ) {
    const seen = flags({ snapshot: path });
    assertEquals(seen.length, flags().length);
    assert(seen.some((flag) => flag.startsWith("--allow-read=") && flag.endsWith(`,${path}`)));
  }
});

/** What a program prints that runs with the child's flags, in the child's environment. */
async function runAsChild(program: string, snapshot: string | null = null): Promise<unknown> {
  const command = childCommand({ ...OPTIONS, pyodide: pyodideFolder(), snapshot, program });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command.args],
    env: { ...command.env },
    clearEnv: true,
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("a real process with these flags holds no permission but to read the files named", async () => {
  await using folder = await temporaryFolder();
  const snapshot = `${folder.path}/a snapshot.bin`;
  await Deno.writeTextFile(snapshot, "here");
  await Deno.writeTextFile(`${folder.path}/secret`, "secret");
  const program = `
    const state = async (descriptor) => (await Deno.permissions.query(descriptor)).state;
    const kinds = {};
    for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"]) {
      kinds[name] = await state({ name });
    }
    const snapshot = ${JSON.stringify(snapshot)};
    const read = {
      snapshot: Deno.readTextFileSync(snapshot),
      secret: await state({ name: "read", path: ${JSON.stringify(`${folder.path}/secret`)} }),
      folder: await state({ name: "read", path: ${JSON.stringify(folder.path)} }),
      etc: await state({ name: "read", path: "/etc/passwd" }),
      home: await state({ name: "read", path: "." }),
    };
    console.log(JSON.stringify({ kinds, read, arguments: Deno.args.length }));
  `;
  assertEquals(await runAsChild(program, snapshot), {
    kinds: {
      read: "prompt",
      write: "denied",
      net: "denied",
      env: "denied",
      run: "denied",
      ffi: "denied",
      sys: "denied",
      import: "denied",
    },
    read: { snapshot: "here", secret: "prompt", folder: "prompt", etc: "prompt", home: "prompt" },
    arguments: 1,
  });
});

Deno.test("a real process with these flags can do none of what it was not granted, and asks nobody (C137, C139)", async () => {
  const attempts = {
    read: `Deno.readTextFileSync("/etc/passwd")`,
    write: `Deno.writeTextFileSync("/tmp/rlm-escape", "x")`,
    net: `await fetch("http://127.0.0.1:9/")`,
    listen: `Deno.listen({ port: 0 })`,
    env: `Deno.env.toObject()`,
    run: `new Deno.Command("true").outputSync()`,
    ffi: `Deno.dlopen("libc.so.6", {})`,
    sys: `Deno.hostname()`,
    remote: `await import("https://deno.land/std@0.224.0/version.ts")`,
    npm: `await import("npm:is-odd@3.0.1")`,
    jsr: `await import("jsr:@std/assert@1")`,
    file: `await import("file:///etc/passwd")`,
    code: `eval("1")`,
    function: `new Function("return 1")()`,
    storage: `localStorage.setItem("a", "b")`,
    cache: `await caches.open("a")`,
    kv: `await Deno.openKv()`,
  };
  const tries = Object.entries(attempts).map(([name, code]) =>
    `try { ${code}; done.push("${name}"); } catch (error) { refused["${name}"] = error.name; }`
  );
  const program = `const done = [], refused = {}; ${tries.join("\n")}
    console.log(JSON.stringify({ done, refused }));`;
  const { done, refused } = Object(await runAsChild(program));
  assertEquals(done, []);
  assertEquals(Object.keys(refused), Object.keys(attempts));
});
