/** Routes: what an address stands for, and what may be done with it. */
import { Problem } from "./problem.ts";

/** What an address stands for. */
export type Route =
  | { readonly kind: "service" }
  | { readonly kind: "runs" }
  | { readonly kind: "chat" }
  | { readonly kind: "models" }
  | { readonly kind: "run" | "events" | "page"; readonly id: string };

/** The methods of each kind of route; HEAD goes with GET. */
const METHODS: Readonly<Record<Route["kind"], readonly string[]>> = {
  service: ["GET"],
  runs: ["POST"],
  chat: ["POST"],
  models: ["GET"],
  run: ["GET", "DELETE"],
  events: ["GET"],
  page: ["GET"],
};

/** The addresses of a handler. */
export interface Addresses {
  readonly basePath: string;
  /** Whether it is a model of the OpenAI protocol too. */
  readonly hasChat: boolean;
}

/** The route of a path below the base path; throws a problem where there is none. */
export function routeOf(pathname: string, { basePath, hasChat }: Addresses): Route {
  const parts = partsOf(pathname, basePath);
  const [runs, id, part, ...more] = parts;
  if (runs === undefined) return { kind: "service" };
  if (runs === "runs" && more.length === 0) {
    if (id === undefined) return { kind: "runs" };
    if (part === undefined) return { kind: "run", id };
    if (part === "events" || part === "page") return { kind: part, id };
  }
  if (hasChat && parts.join("/") === "v1/chat/completions") return { kind: "chat" };
  if (hasChat && parts.join("/") === "v1/models") return { kind: "models" };
  throw new Problem("not_found", `find ${pathname}: there is nothing; start at ${basePath}/`);
}

/** Throws a problem that names the methods when this is none of them; gives GET for HEAD. */
export function methodOf(request: Request, { kind }: Route): string {
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (METHODS[kind].includes(method)) return method;
  throw new Problem(
    "method_not_allowed",
    `${request.method} this address: it takes ${METHODS[kind].join(" and ")}`,
    { allow: allowedOf(kind) },
  );
}

/** All methods of a route, as the header `Allow` has them. */
export function allowedOf(kind: Route["kind"]): string {
  const methods = METHODS[kind].flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
  return [...methods, "OPTIONS"].join(", ");
}

/** A base path as it is compared: with a slash before it and none after it. */
export function normalBase(basePath: string): string {
  const parts = basePath.split("/").filter((part) => part !== "");
  return parts.map((part) => `/${part}`).join("");
}

function partsOf(pathname: string, basePath: string): string[] {
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) {
    throw new Problem("not_found", `find ${pathname}: there is nothing; start at ${basePath}/`);
  }
  const rest = pathname.slice(basePath.length).replace(/^\//, "").replace(/\/$/, "");
  return rest === "" ? [] : rest.split("/");
}
