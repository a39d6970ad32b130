"""Drives DSPy: its interpreter for rows of a cell, its RLM for rows of a run.

Without an argument that is PythonInterpreter, its sandbox and default; with `local` it is LocalInterpreter, a
subprocess that its documentation calls no sandbox.
"""

import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

# DSPy sets this itself only for its default command.
os.environ["DENO_NO_PACKAGE_JSON"] = "1"
# Otherwise its model library first waits for a list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import dspy
from wire import echo, milliseconds_of, ready, serve, slow, text_of

HERE = pathlib.Path(__file__).parent
IMPORT_MAP = HERE / "dspy_imports.json"
LOCAL = sys.argv[1:] == ["local"]
# Of cells that never end; only LocalInterpreter has such a setting.
TIMEOUT_SECONDS = 2


class Sandbox(dspy.PythonInterpreter):
    """The interpreter with its default command, and a map for the one module that no registry has."""

    def __init__(self, **options):
        super().__init__(**options)
        at = self.deno_command.index("run") + 1
        self.deno_command.insert(at, f"--import-map={IMPORT_MAP}")
        self._uses_default_deno_command = False

    @property
    def alive(self):
        return self.deno_process.poll() is None and not self._session_ended


class Local(dspy.LocalInterpreter):
    """The one without a sandbox."""

    @property
    def alive(self):
        return not self._ended


Interpreter = Local if LOCAL else Sandbox
# Interpreters that rows share, as documented: "may be reused sequentially".
shared = {}


def interpreter_for(name, **options):
    """A warm interpreter; another one when the last is dead."""
    if name not in shared or not shared[name].alive:
        shared[name] = Interpreter(tools={"echo": echo, "slow": slow}, **options)
        shared[name].execute("1")
    return shared[name]


def start(_request):
    """A new interpreter, until its first result."""
    shared["start"] = Interpreter()
    code = "print(1 + 1)" if LOCAL else "1 + 1"
    milliseconds, result = milliseconds_of(lambda: shared["start"].execute(code))
    assert str(result).strip() == "2", result
    return {"sandbox": milliseconds}


def cells(request):
    """Cells that do nothing."""
    interpreter = interpreter_for("warm")
    times = [milliseconds_of(lambda: interpreter.execute("None"))[0] for _ in range(request["count"])]
    return {"cell": sorted(times)[len(times) // 2]}


def tool_calls(request):
    """Calls of a tool, one after the other in one cell."""
    count = request["count"]
    code = f"for _ in range({count}): echo(text='x')"
    interpreter = interpreter_for("warm")
    interpreter.execute("echo(text='x')")
    return {"call": milliseconds_of(lambda: interpreter.execute(code))[0] / count}


GATHERED = """import asyncio
async def one(n): return slow(n=n)
print(len(await asyncio.gather(*(one(n) for n in range(8)))))"""

THREADED = """from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as threads:
    print(len(list(threads.map(lambda n: slow(n=n), range(8)))))"""


def tools_at_once(_request):
    """Eight slow tools, each way in which a guest can ask for them together."""
    interpreter = interpreter_for("warm")
    milliseconds, result = milliseconds_of(lambda: interpreter.execute(THREADED if LOCAL else GATHERED))
    assert str(result).strip() == "8", result
    return {"cell": milliseconds}


def large_input(request):
    """A text as input; it is given with each execution, as RLM gives it with each turn."""
    variables = {"context": text_of(request["megabytes"])}
    with Interpreter() as interpreter:
        interpreter.execute("1")
        ready()
        turn = lambda: interpreter.execute("print(len(context))", variables=variables)
        first, length = milliseconds_of(turn)
        assert str(length).strip() == str(len(variables["context"])), length
        later, _ = milliseconds_of(turn)
    return {"first": first, "later": later}


def survival(request):
    """What is left after a cell: the interpreter, and a variable of an earlier cell."""
    options = {"execution_timeout": TIMEOUT_SECONDS} if LOCAL else {}
    interpreter = interpreter_for("survivor", **options)
    interpreter.execute("kept = 41")
    ready()
    milliseconds, said = milliseconds_of(lambda: outcome(interpreter, request["code"]))
    after = outcome(interpreter, "print(kept + 1)")
    return {
        "milliseconds": milliseconds,
        "alive": interpreter.alive,
        "kept": after.strip() == "42",
        "said": said,
    }


def outcome(interpreter, code):
    """A cell's result or error, as text."""
    try:
        return str(interpreter.execute(code))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def at_rest(_request):
    """One interpreter more that has run a cell and waits."""
    interpreter_for(f"resting {len(shared)}")
    return {}


def lm(request, name):
    """A model of the loopback server."""
    return dspy.LM(f"openai/{name}", api_base=request["baseUrl"], api_key="none", cache=False, num_retries=0)


def program(request):
    """An RLM whose models are the loopback server's."""
    return dspy.RLM(
        "context, query -> answer: str",
        max_iters=20,
        max_llm_calls=1_000,
        sub_lm=lm(request, "sub"),
        interpreter_factory=Interpreter,
    )


def run(request):
    """One whole run."""
    text = text_of(request["megabytes"])
    with dspy.context(lm=lm(request, f"root dspy {request['script']}")):
        rlm = program(request)
        milliseconds, result = milliseconds_of(lambda: rlm(context=text, query="How long is it?"))
    assert result.answer == "done", result
    return {"run": milliseconds}


def runs(request):
    """Runs at once, each in a thread, as DSPy's batch does it."""
    count = request["count"]
    text = text_of(request["megabytes"])
    model = lm(request, f"root dspy {request['script']}")

    def one(_):
        with dspy.context(lm=model):
            return program(request)(context=text, query="How long is it?").answer

    def all_of_them():
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    milliseconds, answers = milliseconds_of(all_of_them)
    assert answers == ["done"] * count, answers
    return {"runs": milliseconds}


serve({
    "start": start,
    "cell": cells,
    "tool": tool_calls,
    "tools8": tools_at_once,
    "input": large_input,
    "survival": survival,
    "rest": at_rest,
    "run": run,
    "runs": runs,
    # It has nothing to go on from: a run that was killed is run again from its beginning.
    "resume": run,
})
