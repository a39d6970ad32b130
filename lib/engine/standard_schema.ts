/**
 * The two interfaces of the Standard Schema specification, version 1.1 (https://standardschema.dev), as types:
 * zod, arktype and others implement them, so that their schemas can be used here without importing them.
 */
import type { JsonSchema } from "../../sandbox/protocol.ts";

/** A schema that can check a value; `~standard` is the name that the specification gives. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The specified properties. */
  readonly "~standard": StandardProps<Input, Output>;
}

/** What `~standard` holds; `jsonSchema` is there when the library can say what it accepts. */
export interface StandardProps<Input = unknown, Output = Input> {
  /** Version of the specification. */
  readonly version: 1;
  /** The library that made the schema. */
  readonly vendor: string;
  /** Static types only; never a value. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  /** Checks a value and may transform it. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Converts the schema; may throw where JSON Schema has no words for it. */
  readonly jsonSchema?: {
    readonly input: (options: { readonly target: string }) => Record<string, unknown>;
    readonly output: (options: { readonly target: string }) => Record<string, unknown>;
  };
}

/** Outcome of `validate`: `issues` is absent when the value passed. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** What is wrong, in words. */
  readonly message: string;
  /** Where it is, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema accepts, as a type. */
export type InferSchemaInput<S extends StandardSchema> = NonNullable<
  S["~standard"]["types"]
>["input"];

/** What a schema yields, as a type. */
export type InferSchemaOutput<S extends StandardSchema> = NonNullable<
  S["~standard"]["types"]
>["output"];

/** Whether a value is a Standard Schema; arktype's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
  const props: unknown = "~standard" in value ? value["~standard"] : undefined;
  return typeof props === "object" && props !== null && "validate" in props;
}

/** The JSON Schema of what a schema accepts; throws `TypeError` when the library cannot tell. */
export function standardJsonSchema(schema: StandardSchema): JsonSchema {
  const { vendor, jsonSchema } = schema["~standard"];
  if (jsonSchema === undefined) {
    throw new TypeError(
      `convert a ${vendor} schema: it has no JSON Schema; give one as 'jsonSchema'`,
    );
  }
  try {
    const { $schema: _, ...rest } = jsonSchema.input({ target: "draft-2020-12" });
    return rest;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(
      `convert a ${vendor} schema: ${reason}; give a JSON Schema as 'jsonSchema'`,
      {
        cause: error,
      },
    );
  }
}
