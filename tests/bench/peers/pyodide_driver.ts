/** The floor: Pyodide with nothing around it, in the driver's own thread. No sandbox, no protocol, no time limit. */
import { loadPyodide } from "pyodide";
import { millisecondsOf, spreadOf, timesOf } from "../measure.ts";
import { serve, textOf } from "./wire.ts";

await serve({
  async start() {
    const sandbox = await millisecondsOf(async () => (await loadPyodide()).runPython("1 + 1"));
    return { sandbox };
  },

  async cell({ count }) {
    const pyodide = await loadPyodide();
    const times = await timesOf(count, () => pyodide.runPythonAsync("None"), { warmUp: 1 });
    return { cell: spreadOf(times).median };
  },

  async tool({ count }) {
    const pyodide = await loadPyodide();
    pyodide.globals.set("ask", (text: string) => Promise.resolve(text));
    await pyodide.runPythonAsync("from pyodide.ffi import run_sync\nrun_sync(ask('x'))");
    const code = `for _ in range(${count}): run_sync(ask('x'))`;
    return { call: await millisecondsOf(() => pyodide.runPythonAsync(code)) / count };
  },

  async input({ megabytes }) {
    const context = textOf(megabytes);
    const pyodide = await loadPyodide();
    pyodide.runPython("1");
    const first = await millisecondsOf(() => {
      pyodide.globals.set("context", context);
      pyodide.runPython("len(context)");
    });
    return { first, later: await millisecondsOf(() => pyodide.runPython("len(context)")) };
  },
});
