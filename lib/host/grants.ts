/** What a caller grants the guest, checked before anything is started: files, folders and network hosts. */
import type { Grants, PathGrant } from "../../sandbox/protocol.ts";
import { SandboxStartError } from "../errors.ts";
import { guestPathOf } from "./guest_path.ts";
import { checkHost } from "./net_grant.ts";

/** The lists of `SandboxOptions` that are grants of the gateway's. */
export interface GrantOptions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly net: readonly string[];
}

type Access = PathGrant["access"];

/** Folders that are windows into the system and not files: a grant of them is a mistake. */
const REFUSED_ON_HOST = ["/proc", "/sys", "/dev"];

/**
 * Checks grants. `runtimePaths` are the files and folders that the sandbox itself is made of.
 *
 * @throws {SandboxStartError} For one that can't be given; the message names it and what to do.
 */
export async function checkGrants(
  options: GrantOptions,
  runtimePaths: readonly string[],
): Promise<Grants> {
  const net = await Promise.all(options.net.map(checkHost));
  if (options.read.length + options.write.length === 0) return { paths: [], net };
  if (Deno.build.os === "windows") {
    throw new SandboxStartError(
      "Cannot grant files: on Windows this is not supported; pass their contents by bind()",
    );
  }
  const runtime = await Promise.all(runtimePaths.map(realPathOrSame));
  const paths: PathGrant[] = [];
  // Writing includes reading, so of two grants for the same place the first one, for writing, stays.
  for (const access of ["write", "read"] as const) {
    for (const path of options[access]) {
      const grant = await checkPathGrant(path, access, runtime);
      const same = paths.find(({ guestPath }) => guestPath === grant.guestPath);
      if (same === undefined) paths.push(grant);
      else if (same.hostPath !== grant.hostPath) {
        throw refusal(
          access,
          path,
          `${same.hostPath} already is ${same.guestPath} in the guest; give one of them by another path`,
        );
      }
    }
  }
  return { paths, net };
}

async function checkPathGrant(
  path: string,
  access: Access,
  runtime: readonly string[],
): Promise<PathGrant> {
  const unclear = path === "" || /[,*?\p{Cc}]/u.test(path) || !path.isWellFormed();
  if (unclear) {
    throw refusal(
      access,
      path,
      "a path must name one file or folder, without commas, globs or control characters",
    );
  }
  const hostPath = await realPath(path, access);
  if (hostPath === "/" || REFUSED_ON_HOST.some((folder) => contains(folder, hostPath))) {
    throw refusal(access, path, "it is the system itself; name the files that are needed");
  }
  if (/[,\p{Cc}]/u.test(hostPath)) {
    throw refusal(access, path, `it leads to ${JSON.stringify(hostPath)}, which Deno can't take`);
  }
  const overlap = runtime.find((own) => contains(own, hostPath) || contains(hostPath, own));
  if (overlap !== undefined && access === "write") {
    throw refusal(access, path, `it overlaps ${overlap}, which the sandbox itself is made of`);
  }
  await checkPermission(path, hostPath, access);
  return { hostPath, guestPath: guestPathOf(path, (why) => refusal(access, path, why)), access };
}

async function realPath(path: string, access: Access): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw notPermitted("read", path, error);
    if (error instanceof Deno.errors.NotFound) {
      throw new SandboxStartError(
        `Cannot grant ${access} of ${JSON.stringify(path)}: it does not exist`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** A program can't grant what it may not do itself: the child's permissions are not limited by its own. */
async function checkPermission(path: string, hostPath: string, access: Access): Promise<void> {
  const names = access === "write" ? ["read", "write"] as const : ["read"] as const;
  for (const name of names) {
    const { state } = await Deno.permissions.query({ name, path: hostPath });
    if (state !== "granted") throw notPermitted(name, path);
  }
}

function notPermitted(name: Access, path: string, cause?: unknown): SandboxStartError {
  return new SandboxStartError(
    `Cannot grant ${name} of ${
      JSON.stringify(path)
    }: this program may not ${name} it; add --allow-${name}=${path}`,
    { cause },
  );
}

async function realPathOrSame(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path.replace(/\/+$/, "");
  }
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function refusal(access: Access, path: string, why: string): SandboxStartError {
  return new SandboxStartError(`Cannot grant ${access} of ${JSON.stringify(path)}: ${why}`);
}
