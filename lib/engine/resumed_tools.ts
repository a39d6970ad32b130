/** Tools that give the results recorded for their run as long as these last, so that nothing is done twice. */
import type { Tool, ToolContext } from "../host/sandbox.ts";
import type { RecordedTool } from "../trace/recorded_tool.ts";
import { abortable } from "../abort.ts";
import type { Resumption } from "./resume.ts";

/** Puts the recorded results before tools. */
export function resumedTools(
  tools: Readonly<Record<string, Tool>>,
  resumption: Resumption,
): Record<string, Tool> {
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [name, resumedTool(name, tool, resumption)]),
  );
}

function resumedTool(name: string, tool: Tool, resumption: Resumption): Tool {
  return {
    description: tool.description,
    parameters: tool.parameters,
    ...(tool.timeoutMs === undefined ? {} : { timeoutMs: tool.timeoutMs }),
    ...(tool.concurrent === undefined ? {} : { concurrent: tool.concurrent }),
    invoke: async (args, context) => {
      resumption.check();
      const call = resumption.tools.take(name, args);
      if (call !== null && (call.outcome.kind === "result" || call.final)) {
        return await recordedResult(call, context);
      }
      if (call === null && resumption.isRetelling) {
        resumption.diverge(`a cell calls ${name}() as it did not when it was recorded`);
      }
      await resumption.goLive();
      return await tool.invoke(args, context);
    },
  };
}

async function recordedResult(
  { outcome }: RecordedTool,
  { signal }: ToolContext,
): Promise<unknown> {
  if (outcome.kind === "result") return outcome.value;
  // A call that was given up gives no result: as then, only giving up ends it.
  if (outcome.kind === "open") return await abortable(new Promise<never>(() => {}), signal);
  const error = new Error(outcome.message);
  error.name = outcome.type;
  throw error;
}
