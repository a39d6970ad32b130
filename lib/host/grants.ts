/** What a caller grants the guest, checked before anything is started: files, folders and network hosts. */
import { SandboxStartError } from "../errors.ts";

/** A file or folder of the host, and where Python finds it. */
export interface PathGrant {
  /** The real path on the host: Deno compares real paths. */
  readonly hostPath: string;
  readonly guestPath: string;
  readonly access: "read" | "write";
}

/** Everything that is granted. */
export interface Grants {
  readonly paths: readonly PathGrant[];
  /** `host:port`, as both Deno and the gateway's own check take it. */
  readonly net: readonly string[];
}

/** Python's working folder; relative grants lie under it. */
export const GUEST_HOME = "/home/guest";

/** Folders that are windows into the system and not files: a grant of them is a mistake. */
const REFUSED_ON_HOST = ["/proc", "/sys", "/dev"];
/** Folders that hold the guest's own Python. */
const REFUSED_IN_GUEST = ["/lib", "/dev", "/proc"];

/** Checks grants; throws `SandboxStartError` for one that can't be given, naming it and what to do. */
export async function checkGrants(
  options: { read: readonly string[]; write: readonly string[]; net: readonly string[] },
  runtimeFolders: readonly string[],
): Promise<Grants> {
  const paths: PathGrant[] = [];
  for (const access of ["read", "write"] as const) {
    for (const path of options[access]) {
      paths.push(await checkPathGrant(path, access, runtimeFolders));
    }
  }
  return { paths, net: options.net.map(checkHost) };
}

async function checkPathGrant(
  path: string,
  access: "read" | "write",
  runtimeFolders: readonly string[],
): Promise<PathGrant> {
  if (path === "" || /[,*?\p{Cc}]/u.test(path)) {
    throw refusal(access, path, "a path must name one file or folder, without commas, globs or control characters");
  }
  const hostPath = await realPath(path, access);
  if (hostPath === "/" || REFUSED_ON_HOST.some((folder) => contains(folder, hostPath))) {
    throw refusal(access, path, "it is the system itself; name the files that are needed");
  }
  if (/,/.test(hostPath)) throw refusal(access, path, `it leads to ${hostPath}, whose comma Deno can't take`);
  const overlap = runtimeFolders.find((folder) => contains(folder, hostPath) || contains(hostPath, folder));
  if (overlap !== undefined && access === "write") {
    throw refusal(access, path, `it overlaps ${overlap}, which the sandbox itself is made of`);
  }
  return { hostPath, guestPath: guestPathOf(path, access), access };
}

async function realPath(path: string, access: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    const options = { cause: error };
    if (error instanceof Deno.errors.NotCapable) {
      throw new SandboxStartError(
        `Cannot grant ${access} of ${JSON.stringify(path)}: this program may not read it; add --allow-read=${path}`,
        options,
      );
    }
    if (error instanceof Deno.errors.NotFound) {
      throw new SandboxStartError(`Cannot grant ${access} of ${JSON.stringify(path)}: it does not exist`, options);
    }
    throw error;
  }
}

/** An absolute path stays as it is; a relative one lies under Python's working folder, so that `open` takes it as given. */
function guestPathOf(path: string, access: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined && !absolute) {
        throw refusal(access, path, "it leads out of the working folder; give it as an absolute path");
      }
    } else parts.push(part);
  }
  const guestPath = `${absolute ? "" : GUEST_HOME}/${parts.join("/")}`.replace(/\/$/, "");
  if (REFUSED_IN_GUEST.some((folder) => contains(folder, guestPath))) {
    throw refusal(access, path, `${guestPath} is Python's own place in the guest; copy the files elsewhere first`);
  }
  return guestPath;
}

/** `host:port`, in lower case; a bare name would grant every port. */
function checkHost(host: string): string {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})$/i.exec(host);
  if (!parts || Number(parts[2]) > 65_535) {
    throw new SandboxStartError(
      `Cannot grant net to ${JSON.stringify(host)}: write host:port, such as "example.com:443"`,
    );
  }
  return host.toLowerCase();
}

function contains(folder: string, path: string): boolean {
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  return path === folder || path.startsWith(prefix);
}

function refusal(access: string, path: string, why: string): SandboxStartError {
  return new SandboxStartError(`Cannot grant ${access} of ${JSON.stringify(path)}: ${why}`);
}
