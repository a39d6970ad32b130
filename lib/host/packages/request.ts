/** What one entry of the option `packages` asks for, and how one that can't be had is refused. */
import { SandboxStartError } from "../../errors.ts";

/** A package by its name, which Pyodide's own list knows, or one wheel by its place. */
export type PackageRequest =
  | { readonly kind: "listed"; readonly name: string }
  | { readonly kind: "wheel"; readonly place: string; readonly sha256: string | null };

/** Reads one entry; throws `SandboxStartError` for what is neither a name nor a wheel. */
export function readRequest(entry: string): PackageRequest {
  const [place = "", ...rest] = entry.split("#");
  const fragment = rest.join("#");
  if (/\.whl$/i.test(pathOf(place))) {
    const hash = /^sha256=([0-9a-f]{64})$/i.exec(fragment)?.[1];
    if (fragment !== "" && hash === undefined) {
      throw refusal(entry, "after # must come sha256= and 64 hexadecimal digits");
    }
    return { kind: "wheel", place, sha256: hash?.toLowerCase() ?? null };
  }
  if (fragment === "" && /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(place)) {
    return { kind: "listed", name: normalName(place) };
  }
  throw refusal(entry, 'write a name, such as "numpy", or the path or URL of a wheel (.whl)');
}

/** The one spelling of a distribution's name: `Foo_Bar` and `foo.bar` are `foo-bar`. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/** The error for a package that can't be loaded. */
export function refusal(what: string, why: string, options?: ErrorOptions): SandboxStartError {
  return new SandboxStartError(`Cannot load package ${shownPlace(what)}: ${why}`, options);
}

/** A place as errors show it: a URL without the parts that may hold a key. */
export function shownPlace(place: string): string {
  const url = isUrl(place) ? URL.parse(place) : null;
  return JSON.stringify(url === null ? place : `${url.protocol}//${url.host}${url.pathname}`);
}

/** Whether a place is written as a URL. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(place);
}

/** The path of a URL, or a path as it is. */
function pathOf(place: string): string {
  return isUrl(place) ? URL.parse(place)?.pathname ?? place : place;
}
