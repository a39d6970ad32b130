/** The state of an RLM as plain data: what it is told and how it works, no code and no secret. */
import type { LoopOptions } from "./engine/settings.ts";
import { isRecord } from "./engine/schema.ts";
import { type FieldOptions, normalizeSignature, type Signature } from "./engine/signature.ts";
import type { RlmOptions } from "./rlm_options.ts";
import type { SandboxOptions } from "./host/sandbox.ts";

/** Version of this format. */
const VERSION = 1;

/** An `RLM` as JSON can hold it. */
export interface RlmState {
  /** Version of this format. */
  readonly rlm: 1;
  /** The signature, as `RLM` takes it. */
  readonly signature: {
    /** What the model is told of the task. */
    readonly instructions: string;
    /** The inputs by name. */
    readonly inputs: Readonly<Record<string, FieldOptions>>;
    /** The outputs by name. */
    readonly outputs: Readonly<Record<string, FieldOptions>>;
  };
  /** The options that are data. */
  readonly options: SavedOptions;
}

/** The options of an `RLM` that are data; models are there by name. */
export interface SavedOptions extends LoopOptions {
  /** The name of the model that writes the cells. */
  readonly lm?: string;
  /** The name of the model that answers `llm_query`. */
  readonly subLm?: string;
  /** The names of further models by alias. */
  readonly models?: Readonly<Record<string, string>>;
  /** What the sandbox may do. */
  readonly sandbox?: Omit<SandboxOptions, "tools" | "signal">;
  /** Whether identical sub-calls of a run are sent once. */
  readonly cache?: boolean;
  /** Whether the guest's memory is saved to the journal. */
  readonly checkpoint?: boolean;
}

/** The state of an RLM with this signature and these options. */
export function stateOf(signature: Signature, options: RlmOptions<never>): RlmState {
  const { inputs, outputs, instructions } = signature;
  return {
    rlm: VERSION,
    signature: { instructions, inputs: fieldsOf(inputs), outputs: fieldsOf(outputs) },
    options: dataOf({ ...options }),
  };
}

/** Reads a state; throws `TypeError` when it is none, and what a signature that cannot be read throws. */
export function readState(state: unknown): { signature: Signature; options: SavedOptions } {
  if (
    !isRecord(state) || state.rlm !== VERSION || !isRecord(state.signature) ||
    !isRecord(state.options)
  ) {
    throw new TypeError(
      `read an RLM: expected what toJSON() gave, version ${VERSION}, got something else`,
    );
  }
  const { inputs, outputs, instructions } = state.signature;
  if (!isRecord(inputs) || !isRecord(outputs) || typeof instructions !== "string") {
    throw new TypeError("read an RLM: its signature has no inputs, outputs or instructions");
  }
  return {
    signature: normalizeSignature({ inputs, outputs, instructions }),
    options: dataOf(state.options),
  };
}

function fieldsOf(fields: Signature["inputs"]): Record<string, FieldOptions> {
  return Object.fromEntries(
    fields.map(({ name, schema, description, required, default: fallback }) => [name, {
      type: schema,
      ...(description === "" ? {} : { description }),
      ...(required || fallback === undefined ? {} : { default: fallback }),
    }]),
  );
}

/** The options that are data, whatever else is there. */
function dataOf(
  { tools: _t, check: _c, ...options }: Readonly<Record<string, unknown>>,
): SavedOptions {
  const { lm, subLm, models, sandbox, cache, ...rest } = options;
  return {
    ...rest,
    ...(typeof lm === "string" ? { lm } : {}),
    ...(typeof subLm === "string" ? { subLm } : {}),
    ...(isRecord(models) ? { models: stringsOf(models) } : {}),
    ...(isRecord(sandbox) ? { sandbox: withoutCode(sandbox) } : {}),
    ...(typeof cache === "boolean" ? { cache } : {}),
  };
}

function stringsOf(models: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(models).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

function withoutCode({ tools: _t, signal: _s, ...data }: Readonly<Record<string, unknown>>) {
  return data;
}
