/** From a question, contexts and the wanted answer to what the engine takes: a signature and its inputs. */
import { normalizeSignature, parseSignature, type Signature } from "../engine/signature.ts";
import { isRecord } from "../engine/schema.ts";
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { RunArguments } from "./arguments.ts";
import type { LoadedContext } from "./context.ts";
import { UsageError } from "./usage_error.ts";

/** A task for the engine. */
export interface Task {
  readonly signature: Signature;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Makes the task; throws {@linkcode UsageError} or `SignatureError` where the parts do not fit. */
export async function taskOf(run: RunArguments, contexts: readonly LoadedContext[]): Promise<Task> {
  const values = Object.fromEntries(contexts.map(({ name, value }) => [name, value]));
  if (run.signature?.includes("->")) return wholeSignature(run.signature, run.question, values);
  if ("query" in values) {
    throw new UsageError("--context query=…: query is the question's name, give another");
  }
  const inputs = { ...values, query: run.question };
  const types = Object.entries(inputs).map(([name, value]) => [name, typeOf(value)]);
  const outputs = run.schemaFile === null
    ? run.signature ?? "answer: str"
    : answerSchema(run.schemaFile, await readSchema(run.schemaFile));
  return { signature: normalizeSignature({ inputs: Object.fromEntries(types), outputs }), inputs };
}

/** A signature with inputs of its own: the one that no context has is for the question. */
function wholeSignature(
  text: string,
  question: string,
  values: Readonly<Record<string, unknown>>,
): Task {
  const signature = parseSignature(text);
  const names = signature.inputs.map(({ name }) => name);
  const [free, ...more] = names.filter((name) => !(name in values));
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--signature has no input ${unknown}: add it, or name the context, as in -c ${names[0]}=FILE`,
    );
  }
  if (free === undefined || more.length > 0) {
    const seen = free === undefined ? "no input" : `the inputs ${[free, ...more].join(", ")}`;
    throw new UsageError(
      `--signature leaves ${seen} for the question: leave one, and give the others with -c NAME=FILE`,
    );
  }
  return { signature, inputs: { ...values, [free]: question } };
}

/** The schema that a context's value has, as the prompt shows it. */
function typeOf(value: unknown): string | JsonSchema {
  if (typeof value === "string") return "str";
  return value instanceof Uint8Array ? {} : "dict[str, str]";
}

/** Reads a JSON file that should be a schema. */
async function readSchema(path: string): Promise<JsonSchema> {
  let schema: unknown;
  try {
    schema = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`--schema ${path}: no such file, check the path`, { cause: error });
    }
    if (error instanceof SyntaxError) {
      throw new UsageError(`--schema ${path}: not JSON (${error.message}), mend the file`, {
        cause: error,
      });
    }
    throw error;
  }
  if (!isRecord(schema)) {
    throw new UsageError(
      `--schema ${path}: not a JSON Schema, write an object such as {"type": "array"}`,
    );
  }
  const wrong = wrongType(schema);
  if (wrong === null) return schema;
  throw new UsageError(
    `--schema ${path}: ${JSON.stringify(wrong)} is no type of JSON Schema, give one of ${
      JSON_TYPES.join(", ")
    }`,
  );
}

const JSON_TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"];

/** The first type in a schema that JSON Schema does not have, in its properties and items too; else null. */
function wrongType(schema: JsonSchema): unknown {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? "object"];
  const wrong = types.find((type) => !JSON_TYPES.includes(type));
  if (wrong !== undefined) return wrong;
  const inner = [
    schema.items,
    ...Object.values(isRecord(schema.properties) ? schema.properties : {}),
  ];
  return inner.filter(isRecord).map(wrongType).find((type) => type !== null) ?? null;
}

/** An object schema names the answer's fields; any other is the type of a field called answer. */
function answerSchema(path: string, schema: JsonSchema): JsonSchema | Record<string, JsonSchema> {
  if (schema.type !== "object" || !isRecord(schema.properties)) return { answer: schema };
  if (Object.keys(schema.properties).length > 0) return schema;
  throw new UsageError(`--schema ${path}: the object has no properties, name at least one`);
}
