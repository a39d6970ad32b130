/** `tool()`: a host function that the guest may call, with its arguments checked before it runs. */
import type { Tool, ToolContext } from "../host/sandbox.ts";
import { type FieldsSpec, normalizeFields, oneLine } from "./fields.ts";
import type { InferParameters } from "./signature_inference.ts";
import { checkFields, describeIssue } from "./submission.ts";

/** Options of {@linkcode tool}; `P` is the form of the parameters. */
export interface ToolOptions<P extends FieldsSpec> {
  /** What the tool does, for the model; put on one line. */
  readonly description: string;
  /**
   * What it takes: `"id: str, limit: int = 10"`, a Standard Schema or JSON Schema of an object, or an object with a
   * type for each name. The order is Python's positional order.
   */
  readonly parameters: P;
  /** The function. What it throws becomes a Python exception with the error's name and message. */
  readonly run: (args: InferParameters<P>, context: ToolContext) => unknown;
  /** Milliseconds before a call fails with Python's `TimeoutError`. Default: the sandbox's `toolTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Calls do not depend on each other, so a comprehension over them may run them together. @default {false} */
  readonly concurrent?: boolean;
}

/**
 * Makes a tool. Arguments that do not fit the parameters, after the conversions of the table for `SUBMIT`, fail with
 * `TypeError` in the guest, and `run` is not called.
 *
 * @throws {SignatureError} when the parameters cannot be read
 *
 * @example
 * ```ts
 * import { tool } from "@rlm/rlm";
 *
 * const lookup = tool({
 *   description: "Finds a document by its id",
 *   parameters: "id: str, limit: int = 10",
 *   run: ({ id, limit }) => `${id}, at most ${limit} lines`,
 * });
 * ```
 */
export function tool<const P extends FieldsSpec>(options: ToolOptions<P>): Tool {
  const parameters = normalizeFields(options.parameters, "parameter");
  return {
    description: oneLine(options.description),
    parameters: parameters.schema,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.concurrent === undefined ? {} : { concurrent: options.concurrent }),
    async invoke(args, context) {
      const { fields, check } = parameters;
      const checked = await checkFields(fields, args, { check });
      if (!checked.ok) {
        throw new TypeError(`wrong arguments: ${checked.issues.map(describeIssue).join("; ")}`);
      }
      // The fields were just checked against the schema that the type was inferred from.
      return await options.run(checked.outputs as InferParameters<P>, context);
    },
  };
}
