/** What the viewer shows of a span when it is chosen. */
import type { EventOf, ModelSpan, RunSpan, Span, ToolSpan, TurnSpan } from "./spans.ts";
import { outputOf } from "./trajectory_of.ts";
import type { Part } from "./viewer_data.ts";
import type { ViewerTexts } from "./viewer_texts.ts";

/** The parts of a span, in reading order. A turn shows its cell; `spans` is where that is looked up. */
export function partsOf(span: Span, spans: SpanLookup, texts: ViewerTexts): Part[] {
  const parts = new Parts(texts);
  switch (span.kind) {
    case "run":
      describeRun(span, parts);
      break;
    case "turn":
      describeTurn(span, spans, parts);
      break;
    case "model":
      describeModelCall(span, parts);
      break;
    case "tool":
      describeToolCall(span, parts);
      break;
    case "cell":
      break;
  }
  return parts.list;
}

/** Finds spans by their id. */
export interface SpanLookup {
  get(id: string): Span | undefined;
}

/** Collects parts; what is empty is left out. */
class Parts {
  readonly list: Part[] = [];
  readonly #texts: ViewerTexts;

  constructor(texts: ViewerTexts) {
    this.#texts = texts;
  }

  text(
    title: string,
    value: unknown,
    options: { as?: "code" | "error" | "prose"; folded?: boolean } = {},
  ) {
    if (value === null || value === undefined || value === "") return;
    const { as = "text", folded = false } = options;
    this.list.push({ as, title, text: this.#texts.put(value), folded });
  }

  facts(title: string, rows: readonly (readonly [string, unknown])[]) {
    const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [name, short(value)] as const);
    if (known.length > 0) this.list.push({ as: "facts", title, rows: known });
  }

  items(title: string, items: readonly (readonly [string, unknown])[], firstNew = 0) {
    if (items.length === 0) return;
    const list = items.map(([label, value]) => ({ label, text: this.#texts.put(value) }));
    this.list.push({ as: "list", title, items: list, firstNew });
  }
}

function describeRun({ begin, finish, remarks, depth }: RunSpan, parts: Parts): void {
  if (finish?.error) parts.text(finish.error.type, finish.error.message, { as: "error" });
  if (finish?.result) parts.items("Answer", Object.entries(finish.result));
  parts.facts(
    "Inputs",
    begin.inputs.map(({ name, type, length, unit }) => [
      name,
      length === null ? type : `${type}, ${length.toLocaleString("en-US")} ${unit}`,
    ]),
  );
  parts.text("Instructions", begin.instructions);
  remarks.forEach((remark) => {
    if (remark.type === "direct") {
      const { tokens, allowed } = remark;
      parts.facts("Asked directly", [["tokens of the inputs", tokens], ["at most", allowed]]);
    }
    if (remark.type === "warning") parts.text("Warning", remark.message, { as: "error" });
    if (remark.type === "budget") {
      const { cap, used, allowed } = remark;
      parts.text("Cap reached", `${cap}: ${used} of ${allowed} used`, { as: "error" });
    }
  });
  parts.facts("Run", [
    ["model", begin.model],
    ["sub-call model", begin.subModel],
    ["depth", depth],
    ...Object.entries(begin.options),
  ]);
  parts.text("Schema of the answer", begin.outputs, { folded: true });
}

function describeTurn({ id, finish, remarks }: TurnSpan, spans: SpanLookup, parts: Parts): void {
  const span = spans.get(`${id}/cell`);
  const cell = span?.kind === "cell" ? span : null;
  if (cell !== null) {
    parts.text("Reasoning", cell.begin.reasoning, { as: "prose" });
    parts.text("Code", cell.begin.code, { as: "code" });
    const ended = cell.finish?.cell;
    parts.text("Output", ended === undefined ? cell.printed : outputOf(ended));
    if (ended?.error) {
      const { type, message, traceback } = ended.error;
      parts.text(type, traceback || message, { as: "error" });
    }
    if (ended?.status === "timeout" || ended?.status === "lost") {
      parts.text("Cell", `The cell ended with status ${ended.status}`, { as: "error" });
    }
    if (ended?.restored) parts.text("Restored", ended.restored);
    parts.text("Notes", ended?.notes.join("\n"));
  }
  for (const remark of remarks) describeRemark(remark, parts);
  parts.text("Told to the model", finish?.feedback, { folded: cell !== null });
}

function describeRemark(remark: TurnSpan["remarks"][number], parts: Parts): void {
  if (remark.type === "submission") {
    if (remark.accepted) parts.text("Submitted", remark.value, { folded: true });
    else {
      const issues = remark.issues.map(({ path, wanted, got }) =>
        `${path}: wanted ${wanted}, got ${got}`
      );
      parts.text("Submission refused", issues.join("\n"), { as: "error" });
    }
  }
  if (remark.type === "checkpoint") {
    parts.facts("Checkpoint", [["bytes", remark.bytes], ["milliseconds", remark.durationMs]]);
  }
  if (remark.type === "compaction") {
    parts.facts("Compaction", [["messages dropped", remark.droppedMessages]]);
  }
}

function describeModelCall({ begin, finish }: ModelSpan, parts: Parts): void {
  if (finish?.type === "model_error") {
    const { type, message } = finish.error;
    parts.text(type, message, { as: "error" });
  }
  if (finish?.type === "model_reply") {
    parts.text("Thinking", finish.completion.reasoning, { folded: true });
    const json = indentedJson(finish.completion.text);
    if (json === null) parts.text("Reply", finish.completion.text);
    else parts.text("Reply (JSON, indented)", json);
    parts.items(
      "Native tool calls",
      finish.completion.toolCalls.map(({ name, arguments: text }) => [name, text]),
    );
  }
  const messages = begin.messages.map(({ role, content }) => [role, content] as const);
  const lastReply = begin.messages.findLastIndex(({ role }) => role === "assistant");
  parts.items("Messages", messages, Math.max(begin.role === "sub" ? 1 : 0, lastReply + 1));
  parts.text("Schema of the reply", begin.schema, { folded: true });
  parts.facts("Call", callFacts(begin, finish));
}

function callFacts(
  begin: EventOf<"model_request">,
  finish: ModelSpan["finish"],
): [string, unknown][] {
  const head: [string, unknown][] = [["model", begin.model], ["role", begin.role]];
  if (finish === null) return head;
  if (finish.type === "model_error") {
    const { code, status } = finish.error;
    return [...head, ["code", code], ["status", status], ["attempts", finish.attempts]];
  }
  const { completion, cached } = finish;
  return [
    ...head,
    ["answered by", completion.answeredBy ?? completion.model],
    ["stopped because", completion.finishReason],
    ["from the cache", cached ? "yes, nothing was sent" : null],
    ["attempts", completion.attempts > 1 ? completion.attempts : null],
    ["reasoning tokens", completion.usage?.reasoningTokens || null],
  ];
}

function describeToolCall({ begin, finish }: ToolSpan, parts: Parts): void {
  const items = Object.entries(begin.args).flatMap(([name, value]) =>
    Array.isArray(value) && value.every((item) => typeof item === "string")
      ? value.map((item, n): [string, unknown] => [`${name}[${n}]`, item])
      : [[name, value] as [string, unknown]]
  );
  if (finish !== null) {
    parts.text(finish.ok ? "Result" : "Error", finish.result, finish.ok ? {} : { as: "error" });
  }
  parts.items("Arguments", items);
}

/** JSON on one line is hard to read; null when the text is none, or has lines already. */
function indentedJson(text: string): string | null {
  if (!/^\s*[[{]/.test(text) || text.trim().includes("\n")) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** A value on one line. */
function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
