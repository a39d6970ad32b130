/** The floor: Pyodide with nothing around it, in the driver's own thread. No sandbox, no protocol, no time limit. */
import { loadPyodide, type PyodideInterface } from "pyodide";
import { millisecondsOf, spreadOf, timesOf } from "../measure.ts";
import { serve, textOf } from "./wire.ts";

/** Interpreters that rows share. */
const shared: PyodideInterface[] = [];
const warm = async (): Promise<PyodideInterface> => shared[0] ?? await another();

async function another(): Promise<PyodideInterface> {
  const pyodide = await loadPyodide();
  shared.push(pyodide);
  return pyodide;
}

await serve({
  async start() {
    const sandbox = await millisecondsOf(async () => (await loadPyodide()).runPython("1 + 1"));
    return { sandbox };
  },

  async cell({ count }) {
    const pyodide = await warm();
    const times = await timesOf(count, () => pyodide.runPythonAsync("None"), { warmUp: 1 });
    return { cell: spreadOf(times).median };
  },

  async tool({ count }) {
    const pyodide = await warm();
    pyodide.globals.set("ask", (text: string) => Promise.resolve(text));
    await pyodide.runPythonAsync("from pyodide.ffi import run_sync\nrun_sync(ask('x'))");
    const code = `for _ in range(${count}): run_sync(ask('x'))`;
    return { call: await millisecondsOf(() => pyodide.runPythonAsync(code)) / count };
  },

  async input({ megabytes }, ready) {
    const context = textOf(megabytes);
    const pyodide = await loadPyodide();
    pyodide.runPython("1");
    await ready();
    const first = await millisecondsOf(() => {
      pyodide.globals.set("context", context);
      pyodide.runPython("len(context)");
    });
    return { first, later: await millisecondsOf(() => pyodide.runPython("len(context)")) };
  },

  async rest() {
    (await another()).runPython("1");
    return {};
  },
});
