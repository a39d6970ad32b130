"""Drives DSPy: its PythonInterpreter for rows of a cell, its RLM for rows of a run."""

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

# DSPy sets this itself only for its default command.
os.environ["DENO_NO_PACKAGE_JSON"] = "1"
# Otherwise its model library first waits for a list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import dspy
from wire import echo, milliseconds_of, serve, slow, text_of

HERE = pathlib.Path(__file__).parent
IMPORT_MAP = HERE / "import_map.json"


class Interpreter(dspy.PythonInterpreter):
    """The interpreter with its default command, and a map for the one module that no registry has."""

    def __init__(self, **options):
        super().__init__(**options)
        at = self.deno_command.index("run") + 1
        self.deno_command.insert(at, f"--import-map={IMPORT_MAP}")
        self._uses_default_deno_command = False


def start(_request):
    """A new interpreter, until its first result."""
    def first_result():
        with Interpreter() as interpreter:
            return interpreter.execute("1 + 1")

    milliseconds, result = milliseconds_of(first_result)
    assert result == 2, result
    return {"sandbox": milliseconds}


def cells(request):
    """Cells that do nothing."""
    with Interpreter() as interpreter:
        interpreter.execute("1")
        times = [milliseconds_of(lambda: interpreter.execute("None"))[0] for _ in range(request["count"])]
    return {"cell": sorted(times)[len(times) // 2]}


def tool_calls(request):
    """Calls of a tool, one after the other in one cell."""
    count = request["count"]
    code = f"for _ in range({count}): echo(text='x')"
    with Interpreter(tools={"echo": echo}) as interpreter:
        interpreter.execute("echo(text='x')")
        return {"call": milliseconds_of(lambda: interpreter.execute(code))[0] / count}


def tools_at_once(_request):
    """Eight slow tools by asyncio.gather, which is how its guest can ask for them together."""
    code = """import asyncio
async def one(n): return slow(n=n)
len(await asyncio.gather(*(one(n) for n in range(8))))"""
    with Interpreter(tools={"slow": slow}) as interpreter:
        interpreter.execute("1")
        milliseconds, result = milliseconds_of(lambda: interpreter.execute(code))
    assert result == 8, result
    return {"cell": milliseconds}


def large_input(request):
    """A text as input; it is given with each execution, as RLM gives it with each turn."""
    variables = {"context": text_of(request["megabytes"])}
    with Interpreter() as interpreter:
        interpreter.execute("1")
        turn = lambda: interpreter.execute("len(context)", variables=variables)
        first, length = milliseconds_of(turn)
        assert length == len(variables["context"]), length
        later, _ = milliseconds_of(turn)
    return {"first": first, "later": later}


def survival(request):
    """What is left after a cell: the interpreter, and a variable of an earlier cell."""
    interpreter = Interpreter(tools={"echo": echo})
    try:
        interpreter.execute("kept = 41")
        milliseconds, said = milliseconds_of(lambda: outcome(interpreter, request["code"]))
        after = outcome(interpreter, "kept + 1")
        return {
            "milliseconds": milliseconds,
            "alive": interpreter.deno_process.poll() is None and not interpreter._session_ended,
            "kept": after == "42",
            "said": said,
        }
    finally:
        interpreter.shutdown()


def outcome(interpreter, code):
    """A cell's result or error, as text."""
    try:
        return str(interpreter.execute(code))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


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
    "run": run,
    "runs": runs,
})
