/** Packages for a sandbox: from the names that the caller lists to files that are checked and ready to be handed over. */
import type { SandboxOptions } from "../sandbox.ts";
import { type PackageList, pyodideList, resolvePackages } from "./list.ts";
import { type PackageRequest, readRequest, refusal } from "./request.ts";
import { fileNameOf, isRemote, locate, readWheel } from "./source.ts";
import { PackageTree } from "./tree.ts";
import { openWheel, type PackageAllowance } from "./wheel.ts";
import { keepWheel, keptWheel } from "./wheel_cache.ts";
import { packageOfWheel } from "./wheel_name.ts";

/** Files of packages: their contents one after the other, and what they are called. */
export interface Packages {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How loading is bounded. */
export interface LoadOptions {
  readonly memoryMb: number;
  readonly signal: AbortSignal;
  /** Folder that keeps what is downloaded. Default: none. */
  readonly cache?: string | false;
  /** What names stand for. Default: Pyodide's list. */
  readonly list?: () => Promise<PackageList>;
}

/** Files that all packages of a sandbox together may have. */
const MAX_FILES = 20_000;

/** A wheel that is wanted. */
interface Wheel {
  /** What the caller wrote, or the name in the list. */
  readonly asked: string;
  readonly place: string;
  readonly sha256: string | null;
}

/** Reads and checks packages; null when none are wanted. Throws `SandboxStartError` for one that can't be had. */
export async function loadPackages(
  { packages = [], packagesFrom }: Pick<SandboxOptions, "packages" | "packagesFrom">,
  { memoryMb, signal, cache = false, list = pyodideList }: LoadOptions,
): Promise<Packages | null> {
  if (packages.length === 0) return null;
  const wheels = await wantedWheels(packages.map(readRequest), packagesFrom, list);
  const allowance = { bytes: memoryMb * 1024 ** 2 / 4, files: MAX_FILES };
  const tree = new PackageTree();
  for (const { wheel, bytes } of await readAll(wheels, cache, signal)) {
    const files = await open(wheel, bytes, allowance);
    explained(wheel.asked, () => files.forEach((file) => tree.add(file)));
  }
  const { files } = tree;
  return {
    files: [...files].map(([path, { length }]) => ({ path, size: length })),
    bytes: new Uint8Array(await new Blob([...files.values()]).arrayBuffer()),
  };
}

/** Reads wheels together; with the first that can't be had the others are given up. */
async function readAll(wheels: readonly Wheel[], cache: string | false, signal: AbortSignal) {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const reading = wheels.map(async (wheel) => ({
    wheel,
    bytes: await readInTime(wheel, cache, either),
  }));
  try {
    return await Promise.all(reading);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(reading);
    throw error;
  }
}

async function readInTime(
  { place, sha256 }: Wheel,
  cache: string | false,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (cache === false || sha256 === null || !isRemote(place)) {
      return await readWheel(place, { signal });
    }
    const kept = await keptWheel(cache, sha256);
    if (kept !== null) return kept;
    const wheel = await readWheel(place, { signal });
    await keepWheel(cache, sha256, wheel);
    return wheel;
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
    throw refusal(place, "it was not read in time; raise startTimeoutMs", { cause: error });
  }
}

/** The wheels of the listed packages with all that they need, and those that are given; of a package given, no other one. */
async function wantedWheels(
  requests: readonly PackageRequest[],
  from: string | URL | undefined,
  list: () => Promise<PackageList>,
): Promise<Wheel[]> {
  const given = new Map<string, Wheel>();
  for (const request of requests) {
    if (request.kind === "listed") continue;
    const wheel = givenWheel(request, from);
    const name = nameOf(wheel);
    const other = given.get(name);
    if (other !== undefined && other.place !== wheel.place) {
      throw refusal(wheel.asked, `${other.asked} is another wheel of ${name}; give one of them`);
    }
    given.set(name, wheel);
  }
  const names = requests.flatMap((request) => request.kind === "listed" ? [request.name] : []);
  const listed = names.length === 0 ? [] : resolvePackages(await list(), names);
  return [
    ...listed.filter(({ name }) => !given.has(name)).map(({ name, fileName, sha256 }) => ({
      asked: name,
      place: locate(fileName, from),
      sha256,
    })),
    ...given.values(),
  ];
}

/** A wheel that the caller gives. Whatever answers at a URL is somebody else's, so it must have a hash. */
function givenWheel(
  { place: asked, sha256 }: PackageRequest & { readonly kind: "wheel" },
  from: string | URL | undefined,
): Wheel {
  const place = locate(asked, from);
  if (isRemote(place) && sha256 === null) {
    throw refusal(
      asked,
      "a wheel of the network needs its hash; add #sha256= and 64 hexadecimal digits",
    );
  }
  return { asked, place, sha256 };
}

function nameOf({ asked, place }: Wheel): string {
  return explained(asked, () => packageOfWheel(fileNameOf(place)));
}

async function open(wheel: Wheel, bytes: Uint8Array<ArrayBuffer>, allowance: PackageAllowance) {
  try {
    return await openWheel(bytes, wheel.sha256, allowance);
  } catch (error) {
    throw explain(wheel.asked, error);
  }
}

function explained<T>(asked: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(asked, error);
  }
}

/** What is wrong with a wheel, with the wheel. */
function explain(asked: string, error: unknown): unknown {
  return error instanceof RangeError ? refusal(asked, error.message, { cause: error }) : error;
}
