/** Inputs and outputs of any form of signature as TypeScript types: `InferInputs<S>`, `InferOutputs<S>`. */
import type { InferJsonSchema } from "./schema_types.ts";
import type { Signature, SignatureObject } from "./signature.ts";
import type {
  InferPythonType,
  InferTextInputs,
  InferTextOutputs,
  InferTextParameters,
  Mode,
  SignatureProblem,
} from "./signature_types.ts";
import type { InferSchemaInput, InferSchemaOutput, StandardSchema } from "./standard_schema.ts";

/** What `run` takes for a signature; any record when the signature is only known at run time. */
export type InferInputs<S> = S extends string ? InferTextInputs<S>
  : S extends Signature ? Record<string, unknown>
  : SignatureObject extends S ? Record<string, unknown>
  : S extends { readonly inputs: infer I } ? InferFields<I, "in">
  : Record<string, unknown>;

/** What a prediction holds for a signature; any record when the signature is only known at run time. */
export type InferOutputs<S> = S extends string ? InferTextOutputs<S>
  : S extends Signature ? Record<string, unknown>
  : SignatureObject extends S ? Record<string, unknown>
  : S extends { readonly outputs: infer O } ? InferFields<O, "out">
  : Record<string, unknown>;

/** Nothing is of this type: the compiler shows it where a signature string cannot be read. */
export interface SignatureMistake<Problem extends string> {
  /** What is wrong, in words. */
  readonly mistake: Problem;
}

/** S when it can be read, otherwise what is wrong with it: `signature: S & CheckedSignature<S>`. */
export type CheckedSignature<S> = S extends string
  ? [SignatureProblem<S>] extends [never] ? S : SignatureMistake<SignatureProblem<S>>
  : S;

/** Arguments that a tool's parameters describe, as its `run` gets them. */
export type InferParameters<P> = P extends string ? InferTextParameters<P> : InferFields<P, "out">;

/**
 * The object that fields describe.
 *
 * @internal
 */
// deno-fmt-ignore
type InferFields<F, M extends Mode> =
  F extends string ? M extends "in" ? InferTextInputs<`${F}->x`> : InferTextOutputs<`->${F}`>
  : F extends StandardSchema ? M extends "in" ? InferSchemaInput<F> : InferSchemaOutput<F>
  : F extends { readonly type: "object"; readonly properties: object } ? InferJsonSchema<F>
  : string extends keyof F ? Record<string, unknown>
  : M extends "in"
    ? (
      & { -readonly [K in keyof F as IsOptional<F[K]> extends true ? never : K]: InferField<F[K], M> }
      & { -readonly [K in keyof F as IsOptional<F[K]> extends true ? K : never]?: InferField<F[K], M> }
    ) extends infer Both ? { [K in keyof Both]: Both[K] } : never
  : { -readonly [K in keyof F]: InferField<F[K], M> };

/** The value of one field. */
// deno-fmt-ignore
type InferField<F, M extends Mode> =
  F extends string ? InferPythonType<F, M>
  : F extends StandardSchema ? M extends "in" ? InferSchemaInput<F> : InferSchemaOutput<F>
  : F extends { readonly type: JsonTypeName | readonly JsonTypeName[] } ? InferJsonSchema<F>
  : F extends { readonly type: infer T } ? InferField<T, M>
  : InferJsonSchema<F>;

/** JSON Schema's own words for types. */
type JsonTypeName = "string" | "integer" | "number" | "boolean" | "null" | "array" | "object";

/** Whether an input may be left out: it has a default, or may be None or undefined. */
// deno-fmt-ignore
type IsOptional<F> =
  F extends { readonly default: unknown } ? true
  : unknown extends InferField<F, "in"> ? false
  : null extends InferField<F, "in"> ? true
  : undefined extends InferField<F, "in"> ? true
  : false;
