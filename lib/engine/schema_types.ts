/** The type of a JSON Schema literal, as far as it can be had for little: `InferJsonSchema<typeof schema>`. */

/** What a JSON Schema literal describes; `unknown` where it cannot be told. */
export type InferJsonSchema<S> = S extends { readonly const: infer C } ? Mutable<C>
  : S extends { readonly enum: readonly (infer E)[] } ? E
  : S extends { readonly anyOf: readonly (infer A)[] } ? InferEach<A>
  : S extends { readonly oneOf: readonly (infer A)[] } ? InferEach<A>
  : S extends { readonly type: infer T } ? InferTyped<S, T>
  : unknown;

/** The union of what each schema of a union describes. */
type InferEach<A> = A extends unknown ? InferJsonSchema<A> : never;

/** By the name or names in `type`. */
type InferTyped<S, T> = T extends readonly (infer Each)[] ? InferNamed<S, Each> : InferNamed<S, T>;

/** By one name in `type`. */
type InferNamed<S, T> = T extends "string" ? InferText<S>
  : T extends "integer" | "number" ? number
  : T extends "boolean" ? boolean
  : T extends "null" ? null
  : T extends "array" ? InferArray<S>
  : T extends "object" ? InferObject<S>
  : unknown;

/** Base64 of data without a text form comes as bytes. */
type InferText<S> = S extends
  { readonly contentEncoding: "base64"; readonly contentMediaType: "application/octet-stream" }
  ? Uint8Array
  : string;

type InferArray<S> = S extends { readonly prefixItems: infer P extends readonly unknown[] }
  ? { -readonly [K in keyof P]: InferJsonSchema<P[K]> }
  : S extends { readonly items: infer I } ? InferJsonSchema<I>[]
  : unknown[];

type InferObject<S> = S extends { readonly properties: infer P }
  ? InferProperties<P, RequiredOf<S, P>>
  : S extends { readonly additionalProperties: infer V extends object }
    ? Record<string, InferJsonSchema<V>>
  : Record<string, unknown>;

/** Names in `required`, and those that have a default: they are always there after checking. */
type RequiredOf<S, P> =
  | (S extends { readonly required: readonly (infer R)[] } ? R : never)
  | { [K in keyof P]: P[K] extends { readonly default: unknown } ? K : never }[keyof P];

/** Properties that are always there and those that may be missing, written out as one object type. */
// deno-fmt-ignore
type InferProperties<P, R> = (
  & { -readonly [K in keyof P as K extends R ? K : never]: InferJsonSchema<P[K]> }
  & { -readonly [K in keyof P as K extends R ? never : K]?: InferJsonSchema<P[K]> }
) extends infer Both ? { [K in keyof Both]: Both[K] } : never;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
