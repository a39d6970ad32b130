/** Replies of models are read tolerantly, and nothing in them makes the reader throw. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseReply, type ReplySource, replyText } from "../lib/engine/reply.ts";

function reply(text: string, source: Partial<ReplySource> = {}) {
  return parseReply({ text, reasoning: null, toolCalls: [], finishReason: "stop", ...source });
}

Deno.test("C1: of a fence with prose before and after, only the fence runs", () => {
  const { code, reasoning, problem, notes } = reply(
    "Look first.\n\n```python\nprint(1)\n```\nThen decide.",
  );
  assertEquals(code, "print(1)");
  assertEquals(reasoning, "Look first.\n\nThen decide.");
  assertEquals(problem, null);
  assertEquals(notes, []);
});

Deno.test("C2: a bare fence runs as Python", () => {
  assertEquals(reply("```\nx = 1\n```").code, "x = 1");
  assertEquals(reply("~~~\nx = 1\n~~~").code, "x = 1");
});

for (
  const label of [
    "python",
    "Python",
    "PY",
    "python3",
    "py3",
    "repl",
    "REPL",
    "{python}",
    "tool_code",
  ]
) {
  Deno.test(`C3: the label ${label} is Python`, () => {
    assertEquals(reply("```" + label + "\nx = 1\n```").code, "x = 1");
  });
}

for (const label of ["js", "bash", "json", "c++"]) {
  Deno.test(`C4: a ${label} fence does not run, and the message names the label`, () => {
    const { code, problem } = reply("```" + label + "\nrm -rf /\n```");
    assertEquals(code, "");
    assertStringIncludes(problem ?? "", label);
    assertStringIncludes(problem ?? "", "```python");
  });
}

Deno.test("C4: a foreign fence beside a Python one is left out with a note", () => {
  const { code, notes } = reply('```json\n{"a": 1}\n```\n```python\nx = 1\n```');
  assertEquals(code, "x = 1");
  assertEquals(notes, ["A block labelled json was not run: only python blocks are"]);
});

Deno.test("C5: an unclosed fence runs to the end of the reply", () => {
  assertEquals(reply("Now:\n```python\nx = 1\nprint(x)").code, "x = 1\nprint(x)");
});

Deno.test("C5: an unclosed fence of a reply that was cut off does not run", () => {
  const { code, problem } = reply("```python\nfor x in ra", { finishReason: "length" });
  assertEquals(code, "");
  assertStringIncludes(problem ?? "", "cut off");
});

Deno.test("a reply that was cut off after its code runs", () => {
  const { code } = reply("```python\nx = 1\n```\nThis is bec", { finishReason: "length" });
  assertEquals(code, "x = 1");
});

for (
  const [what, text] of [
    ["bare", "```\n```python\nx = 1\n```\n```"],
    ["markdown", "```markdown\nFirst:\n\n```python\nx = 1\n```\n```"],
    ["longer", "````markdown\nFirst:\n```python\nx = 1\n```\nDone\n````"],
    ["bare with an empty line", "```\n\n```py\nx = 1\n```\n```"],
  ]
) {
  Deno.test(`C6: a decorative ${what} fence around an inner one is peeled`, () => {
    assertEquals(reply(text ?? "").code, "x = 1");
  });
}

Deno.test("C8: a fence inside a triple-quoted string does not end the cell", () => {
  const code = 'prompt = """Reply as\n```json\n{}\n```\n"""\nprint(prompt)';
  assertEquals(reply("```python\n" + code + "\n```\nDone.").code, code);
});

Deno.test("C8: triple quotes that never close do not swallow the next block", () => {
  const { code } = reply('```python\nx = """open\n```\nThen\n```python\ny = 2\n```');
  assertEquals(code, 'x = """open\ny = 2');
});

Deno.test("C9: all Python fences run in order as one cell, and a note says so", () => {
  const { code, notes } = reply("```python\na = 1\n```\nand\n```py\nprint(a)\n```");
  assertEquals(code, "a = 1\nprint(a)");
  assertEquals(notes, ["The 2 python blocks ran in order as one cell"]);
});

Deno.test("C9: a bare fence beside a labelled one is left out with a note", () => {
  const { code, notes } = reply("```\nexpected output\n```\n```python\nprint(1)\n```");
  assertEquals(code, "print(1)");
  assertEquals(notes, [
    "A block without a label was not run, because another block is labelled python",
  ]);
});

Deno.test("C10: a reply without code brings a repair message", () => {
  const { code, problem, content, reasoning } = reply("I think the answer is 42.");
  assertEquals(code, "");
  assertStringIncludes(problem ?? "", "no Python block");
  assertEquals(content, "I think the answer is 42.");
  assertEquals(reasoning, "I think the answer is 42.");
});

for (const text of ["", "  \n", "```python\n```", "```python\n   \n```"]) {
  Deno.test(`C11: the reply ${JSON.stringify(text)} has no code`, () => {
    const { code, problem, content } = reply(text);
    assertEquals(code, "");
    assert(problem !== null);
    assert(content !== "");
  });
}

Deno.test("C12: thinking is taken out of the reply and kept as reasoning", () => {
  const { code, reasoning, content } = reply(
    "<think>\nHm, count.\n</think>\nCount.\n```python\nx\n```",
  );
  assertEquals(code, "x");
  assertEquals(reasoning, "Hm, count.\n\nCount.");
  assertEquals(content, "Count.\n```python\nx\n```");
});

Deno.test("C12: thinking that the provider returned apart comes first", () => {
  assertEquals(reply("Go.\n```python\nx\n```", { reasoning: "Hm." }).reasoning, "Hm.\n\nGo.");
});

Deno.test("C12: a closing tag without an opening one ends the thinking", () => {
  const { code, reasoning } = reply(
    "Let me see\n```python\nno()\n```\n</think>\n```python\nyes()\n```",
  );
  assertEquals(code, "yes()");
  assertStringIncludes(reasoning, "no()");
});

Deno.test("C12: tags in code are code", () => {
  const code = 'text = re.sub("(?s)<think>.*</think>", "", text)\nprint("""\n<think>\n""")';
  assertEquals(reply("```python\n" + code + "\n```").code, code);
});

Deno.test("C13: a fence inside thinking does not run", () => {
  const { code } = reply("<think>\n```python\nno()\n```\n</think>\n```python\nyes()\n```");
  assertEquals(code, "yes()");
});

Deno.test("C13: thinking that never ends has no code to run", () => {
  const { code, problem } = reply("<think>\nHm\n```python\nno()\n```");
  assertEquals(code, "");
  assert(problem !== null);
});

Deno.test("C15: CRLF line ends and a byte order mark do no harm", () => {
  assertEquals(reply("\uFEFF```python\r\na = 1\r\nb = 2\r\n```\r\n").code, "a = 1\nb = 2");
});

Deno.test("C15: non-breaking spaces and curly quotes reach Python as they are, which says what is wrong", () => {
  assertEquals(reply("```python\nx\u00a0= “a”\n```").code, "x\u00a0= “a”");
});

Deno.test("C16: SUBMIT( and FINAL( in prose are no code and no answer", () => {
  for (const text of ['SUBMIT(answer="42")', "FINAL(42)", "So I call `SUBMIT(42)` now."]) {
    const { code, problem } = reply(text);
    assertEquals(code, "");
    assertStringIncludes(problem ?? "", "never taken as the answer");
  }
});

Deno.test("C17: a native tool call carries the code", () => {
  const toolCalls = [{ name: "python", arguments: '{"code": "print(1)\\r\\nprint(2)"}' }];
  const { code, content, problem } = reply("Let me look.", {
    toolCalls,
    finishReason: "tool_calls",
  });
  assertEquals(code, "print(1)\nprint(2)");
  assertEquals(content, "Let me look.\n\n```python\nprint(1)\nprint(2)\n```");
  assertEquals(problem, null);
});

Deno.test("C17: a native tool call without code, or with broken JSON, is answered by name", () => {
  for (const json of ['{"query": 1}', "{broken", "[]", "null"]) {
    const { code, problem } = reply("", { toolCalls: [{ name: "llm_query", arguments: json }] });
    assertEquals(code, "");
    assertStringIncludes(problem ?? "", "llm_query");
  }
});

Deno.test("C17: a fence wins over a native tool call", () => {
  const toolCalls = [{ name: "python", arguments: '{"code": "no()"}' }];
  assertEquals(reply("```python\nyes()\n```", { toolCalls }).code, "yes()");
});

Deno.test("C18: a structured reply is reduced to its text", () => {
  assertEquals(replyText({ text: "a" }), "a");
  assertEquals(
    replyText([{ type: "reasoning", text: "no" }, { type: "text", text: "a" }, "b"]),
    "ab",
  );
  assertEquals(
    replyText({ role: "assistant", content: [{ type: "output_text", text: "a" }] }),
    "a",
  );
  assertEquals(replyText(null), "");
  assertEquals(replyText(42), "");
});

Deno.test("a fence in a list is freed of its indent", () => {
  assertEquals(
    reply("1. Look:\n   ```python\n   if x:\n       y()\n   ```").code,
    "if x:\n    y()",
  );
});

Deno.test("no reply makes the reader throw or take long", () => {
  const pieces = [
    "```",
    "```python",
    "~~~",
    "<think>",
    "</think>",
    '"""',
    "'''",
    "\\",
    "\n",
    " ",
    "x",
    "`",
    "#",
  ];
  let seed = 1;
  const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: next(40) }, () => pieces[next(pieces.length)]).join("");
    const { code, problem, content } = reply(text);
    assertEquals(code.trim() === "", problem !== null, JSON.stringify(text));
    assert(content !== "");
  }
  const started = performance.now();
  reply('```python\n"""\n' + "```\n".repeat(20_000));
  reply("<think>".repeat(100_000));
  reply("```python\n" + '"'.repeat(200_001));
  assert(performance.now() - started < 2_000, "the reader is slow on a hostile reply");
});
