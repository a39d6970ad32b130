/** The command in a real terminal: what a person sees while a run goes on, resizes, and presses Ctrl-C. */
import {
  assert,
  assertEquals,
  assertFalse,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { columnsOf } from "../lib/cli/columns.ts";
import { PERMISSIONS } from "./fixtures/command.ts";
import { OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";
import { hasTmux, TmuxWindow, type WindowSize } from "./fixtures/tmux.ts";

const TMUX = hasTmux();

/** What a test types into, and what its command asks. */
interface Typing {
  readonly open: (
    size: WindowSize,
    more?: { readonly env?: Record<string, string>; readonly words?: readonly string[] },
  ) => Promise<TmuxWindow>;
}

/** What the command's model replies. */
interface Model {
  reply(prompt: string, n: number): ServerReply | Promise<ServerReply>;
  /** Lets out what is held back. */
  release?(): void;
}

/** A test in a terminal. */
function terminalTest(
  title: string,
  model: Model,
  run: (typing: Typing) => Promise<void>,
): void {
  Deno.test({
    name: TMUX ? title : `${title} (NOT RUN: there is no tmux)`,
    ignore: !TMUX,
    async fn() {
      await using server = new OpenAIServer(({ body }, n) =>
        model.reply(JSON.stringify(body["messages"]), n)
      );
      const file = await Deno.makeTempFile({ suffix: " a text.txt" });
      try {
        await Deno.writeTextFile(file, "The key is under the blue pot.\n".repeat(100));
        const live = ["--model", "test-model", "--base-url", server.baseUrl];
        const command = ["run", "--no-prompt", ...PERMISSIONS, "lib/cli/main.ts"];
        const words = [Deno.execPath(), ...command, "Where is it?", "-c", file, ...live];
        await run({
          open: (size, { env = {}, words: more = [] } = {}) =>
            TmuxWindow.open([...words, ...more], { ...size, env }),
        });
      } finally {
        model.release?.();
        await Deno.remove(file);
      }
    },
  });
}

const cell = (code: string): ServerReply => ({ text: `I look.\n\`\`\`python\n${code}\n\`\`\`` });

const READ_TWELVE_PARTS = `print("日本語のテキスト🎈" * 30)
print("\\tx" * 60)
replies = llm_query_batched([f"part {n}" for n in range(12)])
print(replies[0])`;

/** A batch of twelve sub-calls, the last four of which are held back until all is seen that shows meanwhile; then an answer. */
class HeldBatch implements Model {
  readonly #seen = Promise.withResolvers<void>();
  #parts = 0;

  async reply(prompt: string): Promise<ServerReply> {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: { cached_tokens: 60 },
    };
    if (prompt.includes("SUBMIT(") && prompt.includes("a reply to a part")) {
      return { ...cell("SUBMIT(answer='under the blue pot')"), usage };
    }
    if (prompt.includes("SUBMIT(")) return { ...cell(READ_TWELVE_PARTS), usage };
    if (++this.#parts > 8) await this.#seen.promise;
    return { text: "a reply to a part", usage };
  }

  release(): void {
    this.#seen.resolve();
  }
}

const [batch, narrowBatch] = [new HeldBatch(), new HeldBatch()];

terminalTest(
  "A live tree tells turn, cell, sub-calls, tokens, cached share and time, and leaves nothing behind",
  batch,
  async ({ open }) => {
    await using terminal = await open({ columns: 100, rows: 30 });
    const live = await terminal.shows(/llm_query_batched · 8\/12/);
    assertMatch(
      live,
      /turn 1\/20 · cell runs [\d.]+ s · sub-calls \d+\/12 · [\d,]+ tokens, \d+ % cached\b.* · [\d.]+ s\n└ llm_query_batched · \d+\/12 · [\d.]+ s\n/,
    );
    for (const size of [{ columns: 40, rows: 16 }, { columns: 130, rows: 40 }]) {
      await terminal.resize(size);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const screen = await terminal.screen();
      for (const line of screen.split("\n")) assert(columnsOf(line) <= size.columns, line);
      assertEquals(screen.match(/turn 1\/20/g)?.length, 1, screen);
      assertEquals(screen.match(/llm_query_batched ·/g)?.length, 1, screen);
    }
    batch.release();
    const end = await terminal.shows(/exit code \d+/);
    assertMatch(end, /\nunder the blue pot\nexit code 0\n/);
    assertFalse(/turn \d\/20|sub-calls \d|└/.test(end), end);
    assertMatch(end, /\n {2}llm_query_batched × 1 · 12 model calls · [\d.]+ s\n/);
  },
);

terminalTest(
  "In a window of 40 columns no line of normal detail wraps, wide characters and tabs included",
  narrowBatch,
  async ({ open }) => {
    await using terminal = await open({ columns: 40, rows: 60 });
    const live = await terminal.shows(/llm_query_batched · 8\/12/);
    assertMatch(live, /turn 1\/20 · cell runs [\d.]+ s\nsub-calls 8\/12\n/);
    narrowBatch.release();
    await terminal.shows(/exit code 0/);
    const [wrapped, joined] = [
      await terminal.everything(),
      await terminal.everything({ joined: true }),
    ];
    const turns = (text: string) =>
      text.slice(text.indexOf("turn 1 of"), text.indexOf("2 turns ·"));
    const trimmed = (text: string) => text.split("\n").map((line) => line.trimEnd());
    assertEquals(trimmed(turns(wrapped)), trimmed(turns(joined)));
    const wide = turns(wrapped).split("\n").find((line) => /\| 日本語/.test(line));
    assert(wide?.endsWith("…"), wide);
    assertLess(36, columnsOf(wide ?? ""), wide);
  },
);

terminalTest(
  "C164: Ctrl-C once ends the run with the last answer that was given; the live lines are gone",
  {
    reply: (_prompt, n) =>
      n === 0 ? cell("print(1)\nSUBMIT(answer=['maybe'])") : { text: "too late", delayMs: 60_000 },
  },
  async ({ open }) => {
    await using terminal = await open({ columns: 80, rows: 24 });
    await terminal.shows(/turn 2\/20 · model thinks/);
    await terminal.type("C-c");
    const end = await terminal.shows(/exit code \d+/);
    assertStringIncludes(end, "interrupted: ending the run; press Ctrl-C again to quit at once\n");
    assertMatch(
      end,
      /answer is the last one given before the interruption.*\n[^]*maybe[^]*exit code 130\n/,
    );
    assertFalse(/turn 2\/20/.test(end), end);
  },
);

terminalTest(
  "C164: Ctrl-C twice quits at once, even from what cannot be ended in good order",
  { reply: () => ({ text: "never asked" }) },
  async ({ open }) => {
    const tool = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(tool, "await new Promise((resolve) => setTimeout(resolve, 1e9));");
      await using terminal = await open({ columns: 80, rows: 24 }, { words: ["--tool", tool] });
      await terminal.shows(/starting · [1-9]/);
      await terminal.type("C-c");
      await terminal.shows(/press Ctrl-C again/);
      // Sooner, it would count as the same press.
      await new Promise((resolve) => setTimeout(resolve, 600));
      await terminal.type("C-c");
      assertMatch(
        await terminal.shows(/exit code \d+/, 5),
        /again to quit at once\n.*exit code 130\n/,
      );
    } finally {
      await Deno.remove(tool);
    }
  },
);

terminalTest(
  "Colours are there on a terminal, and not with NO_COLOR",
  { reply: () => cell("SUBMIT(answer='blue')") },
  async ({ open }) => {
    for (const [env, colored] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
      await using terminal = await open({ columns: 80, rows: 24 }, { env });
      await terminal.shows(/exit code 0/);
      const styled = await terminal.everything({ styled: true });
      assertStringIncludes(styled, "answer submitted");
      assertEquals(styled.includes("\x1b["), colored, styled);
    }
  },
);
