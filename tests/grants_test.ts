/** Grants as they are checked, and the flags that they become; no process is started here. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import { netFlags, NO_GRANTS, writeFlags } from "../lib/host/grant_flags.ts";
import { checkGrants } from "../lib/host/grants.ts";
import { guestPathOf } from "../lib/host/guest_path.ts";
import { createSandbox } from "../lib/host/mod.ts";
import { isInRange, isLoopback, isPublicAddress } from "../sandbox/addresses.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

const NOTHING = { read: [], write: [], net: [] };

/** The message of the refusal, all of whose other fields are as they must be. */
async function refusal(
  options: Partial<typeof NOTHING> | { [kind: string]: string[] },
  runtime: string[] = [],
): Promise<string> {
  const error = await assertRejects(
    () => checkGrants({ ...NOTHING, ...options }, runtime),
    SandboxStartError,
  );
  assertEquals(error.name, "SandboxStartError");
  return error.message;
}

Deno.test("nothing granted is nothing asked: no file is looked at and the flags deny", async () => {
  assertEquals(await checkGrants(NOTHING, ["/does/not/exist"]), NO_GRANTS);
  assertEquals(netFlags(NO_GRANTS), ["--deny-net"]);
  assertEquals(writeFlags(NO_GRANTS), []);
});

Deno.test("R30: paths that could become something else in a flag are refused before anything is started", async () => {
  const why = "a path must name one file or folder, without commas, globs or control characters";
  for (const path of ["", "a,/etc", "x\n--allow-run", "*", "data/?", "nul\0", "tab\t", "\ud800"]) {
    for (const access of ["read", "write"]) {
      const name = JSON.stringify(path);
      assertEquals(
        await refusal({ [access]: [path] }),
        `Cannot grant ${access} of ${name}: ${why}`,
      );
    }
  }
  for (const path of ["--allow-all", "/no/such/file"]) {
    const name = JSON.stringify(path);
    assertEquals(
      await refusal({ read: [path] }),
      `Cannot grant read of ${name}: it does not exist`,
    );
  }
});

Deno.test("R30: createSandbox itself refuses them, at once", async () => {
  for (const read of [[""], ["a,/etc"], ["--allow-all"]]) {
    assertInstanceOf(await assertRejects(() => createSandbox({ read })), SandboxStartError);
  }
});

Deno.test("R30: a link to a path with a comma in it is refused by where it leads", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/a,b`);
  await Deno.symlink("a,b", `${folder.path}/harmless`);
  const leads = JSON.stringify(`${await Deno.realPath(folder.path)}/a,b`);
  assertEquals(
    await refusal({ read: [`${folder.path}/harmless`] }),
    `Cannot grant read of ${
      JSON.stringify(`${folder.path}/harmless`)
    }: it leads to ${leads}, which Deno can't take`,
  );
});

Deno.test("the system itself can't be granted, whichever way it is spelled", async () => {
  for (
    const path of ["/", "//", "/proc", "/proc/self/environ", "/sys", "/dev/null", "/tmp/../proc"]
  ) {
    assertEquals(
      await refusal({ read: [path] }),
      `Cannot grant read of ${
        JSON.stringify(path)
      }: it is the system itself; name the files that are needed`,
    );
  }
});

Deno.test("R31: nothing that the sandbox is made of, holds or lies in can be granted for writing", async () => {
  await using folder = await temporaryFolder();
  const real = await Deno.realPath(folder.path);
  await Deno.mkdir(`${real}/runtime/inner`, { recursive: true });
  for (const path of [real, `${real}/runtime`, `${real}/runtime/inner`]) {
    assertEquals(
      await refusal({ write: [path] }, [`${real}/runtime/`]),
      `Cannot grant write of ${
        JSON.stringify(path)
      }: it overlaps ${real}/runtime, which the sandbox itself is made of`,
    );
  }
  const { paths } = await checkGrants({ ...NOTHING, read: [`${real}/runtime`] }, [
    `${real}/runtime`,
  ]);
  assertEquals(paths.length, 1);
});

Deno.test("R31: the sandbox names its own parts: Pyodide, its cache, this package and Deno", async () => {
  const own = [
    Deno.execPath(),
    new URL("../sandbox", import.meta.url).pathname,
    new URL("../lib/host", import.meta.url).pathname,
    new URL(".", import.meta.resolve("npm:pyodide@314.0.7/package.json")).pathname,
  ].map(decodeURIComponent);
  for (const path of own) {
    const error = await assertRejects(() => createSandbox({ write: [path] }), SandboxStartError);
    assert(error.message.endsWith("which the sandbox itself is made of"), error.message);
  }
});

Deno.test("a path is the same in the guest: absolute as it is, relative below Python's working folder", () => {
  const place = (path: string) => guestPathOf(path, (why) => new Error(why));
  assertEquals(place("/data/a.csv"), "/data/a.csv");
  assertEquals(place("/data//x/./"), "/data/x");
  assertEquals(place("/a/../../b"), "/b");
  assertEquals(place("data/a.csv"), "/home/guest/data/a.csv");
  assertEquals(place("./a/../b"), "/home/guest/b");
  assertEquals(place("."), "/home/guest");
  assertEquals(place("Ünïcode 漢字 🐋"), "/home/guest/Ünïcode 漢字 🐋");
});

Deno.test("a path that would hide Python's own places in the guest is refused", () => {
  const why = (path: string) =>
    assertThrows(() => guestPathOf(path, (reason) => new RangeError(reason)), RangeError).message;
  const own = "is Python's own place in the guest; give it by another path";
  for (const path of ["/lib", "/lib/python3.14", "/dev", "/proc/self"]) {
    assertEquals(why(path), `${path} ${own}`);
  }
  const holds = "holds Python's working folder; name what is needed inside";
  assertEquals(why("/home"), `/home ${holds}`);
  assertEquals(why("/x/.."), `/ ${holds}`);
  assertEquals(
    why("../x"),
    "it leads out of the working folder; give it as an absolute path",
  );
  assertEquals(guestPathOf("/library", (reason) => new Error(reason)), "/library");
});

Deno.test("two grants for one place in the guest: writing includes reading, another file is refused", async () => {
  await using folder = await temporaryFolder();
  const real = await Deno.realPath(folder.path);
  const both = await checkGrants({ ...NOTHING, read: [real], write: [real] }, []);
  assertEquals(both.paths, [{ hostPath: real, guestPath: real, access: "write" }]);
  const twice = await checkGrants({ ...NOTHING, read: [real, `${real}/`, `${real}/.`] }, []);
  assertEquals(twice.paths.length, 1);
  // A link makes `..` lead elsewhere than the path says.
  await Deno.mkdir(`${real}/far/in`, { recursive: true });
  await Deno.writeTextFile(`${real}/far/f`, "");
  await Deno.writeTextFile(`${real}/f`, "");
  await Deno.symlink("far/in", `${real}/link`);
  const other = `${real}/link/../f`;
  assertEquals(
    await refusal({ read: [`${real}/f`, other] }),
    `Cannot grant read of ${
      JSON.stringify(other)
    }: ${real}/f already is ${real}/f in the guest; give one of them by another path`,
  );
});

Deno.test("a host is granted with its port, in one spelling, and nothing wider", async () => {
  const granted = async (host: string) => (await checkGrants({ ...NOTHING, net: [host] }, [])).net;
  assertEquals(await granted("Example.COM:443"), ["example.com:443"]);
  assertEquals(await granted("127.1:80"), ["127.0.0.1:80"]);
  assertEquals(await granted("[0:0::1]:8080"), ["[::1]:8080"]);
  const wide = [
    "example.com",
    "",
    "*",
    "*:80",
    "*.example.com:80",
    "example.com:0",
    "example.com:65536",
    "example.com:80,other:1",
    "http://example.com:80",
    "example.com:80/x",
    "a b:80",
    "10.0.0.0/8:80",
    "user@example.com:80",
    "example.com:80\n--allow-run",
    "[::1:80",
    "1.2.3.4.5.6.7:80",
    "256.1.1.1:80",
  ];
  for (const host of wide) {
    const error = await refusal({ net: [host] });
    assertEquals(
      error,
      `Cannot grant net to ${JSON.stringify(host)}: write host:port, such as "example.com:443"`,
    );
  }
});

Deno.test("each grant becomes the matching flag and nothing more", () => {
  const paths = [
    { hostPath: "/r", guestPath: "/r", access: "read" },
    { hostPath: "/w", guestPath: "/w", access: "write" },
    { hostPath: "/v", guestPath: "/v", access: "write" },
  ] as const;
  assertEquals(writeFlags({ paths: [...paths], net: [] }), ["--allow-write=/w,/v"]);
  assertEquals(writeFlags({ paths: [paths[0]], net: [] }), []);
  const [allow, deny = "", ...more] = netFlags({ paths: [], net: ["example.com:443", "a.b:80"] });
  assertEquals(allow, "--allow-net=example.com:443,a.b:80");
  assertEquals(more, []);
  const refused = deny.slice("--deny-net=".length).split(",");
  for (const range of ["127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "[::1]"]) {
    assert(refused.includes(range), range);
  }
});

Deno.test("a private address is reachable where a grant spells it out, and only then", () => {
  const denied = (...net: string[]) => netFlags({ paths: [], net })[1]?.split(/[=,]/) ?? [];
  assertEquals(denied("127.0.0.1:80").includes("127.0.0.0/8"), false);
  assertEquals(denied("127.0.0.1:80").includes("10.0.0.0/8"), true);
  assertEquals(denied("10.1.2.3:80").includes("10.0.0.0/8"), false);
  assertEquals(denied("10.1.2.3:80").includes("127.0.0.0/8"), true);
  assertEquals(denied("localhost:80").includes("127.0.0.0/8"), false);
  assertEquals(denied("localhost:80").includes("[::1]"), false);
  assertEquals(denied("[::1]:80").includes("[::1]"), false);
  assertEquals(denied("[::1]:80").includes("127.0.0.0/8"), true);
});

Deno.test("public addresses are told from those that lead to this machine, its neighbours or nowhere", () => {
  const open = ["1.1.1.1", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "192.0.1.1"];
  for (const address of open) assert(isPublicAddress(address), address);
  const closed = [
    ...["127.0.0.1", "0.0.0.0", "10.0.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"],
    ...["100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0"],
    ...[
      "fc00::1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "2001::1",
    ],
    ...["", "example.com", "256.1.1.1", "1.2.3", "2130706433", "0x7f.1", "[::1]"],
  ];
  for (const address of closed) assertEquals(isPublicAddress(address), false, address);
  assert(isLoopback("127.255.0.1") && isLoopback("::1") && isLoopback("::ffff:127.0.0.1"));
  assert(!isLoopback("128.0.0.1") && !isLoopback("::2") && !isLoopback("localhost"));
  assert(isInRange("10.255.0.0", "10.0.0.0/8") && !isInRange("11.0.0.0", "10.0.0.0/8"));
});
