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
  readonly rlm: typeof VERSION;
  readonly signature: {
    readonly instructions: string;
    readonly inputs: Readonly<Record<string, FieldOptions>>;
    readonly outputs: Readonly<Record<string, FieldOptions>>;
  };
  readonly options: SavedOptions;
}

/** The options that are data. */
export interface SavedOptions extends LoopOptions {
  readonly lm?: string;
  readonly subLm?: string;
  readonly models?: Readonly<Record<string, string>>;
  readonly sandbox?: Omit<SandboxOptions, "tools" | "signal">;
  readonly cache?: boolean;
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
