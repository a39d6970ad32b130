"""Drives alexzhang13/rlm: its LocalREPL, which is plain `exec` in this process, and its RLM over it.

Cells that hang or kill get its IPythonREPL in a subprocess, which is what it documents for time limits on cells.
"""

from concurrent.futures import ThreadPoolExecutor

from rlm import RLM
from rlm.environments.local_repl import LocalREPL
from rlm.environments.ipython_repl import IPythonREPL
from wire import echo, milliseconds_of, ready, serve, slow, text_of

# REPLs that rows share.
shared = {}
# Of cells that never end.
TIMEOUT_SECONDS = 2


def warm_repl():
    """A REPL that has run a cell."""
    if "warm" not in shared:
        shared["warm"] = LocalREPL(custom_tools={"echo": echo, "slow": slow})
        shared["warm"].execute_code("1")
    return shared["warm"]


def start(_request):
    """A new REPL, until its first result."""
    def first_result():
        shared["start"] = LocalREPL()
        return shared["start"].execute_code("print(1 + 1)").stdout

    milliseconds, result = milliseconds_of(first_result)
    assert result.strip() == "2", result
    return {"sandbox": milliseconds}


def cells(request):
    """Cells that do nothing."""
    repl = warm_repl()
    times = [milliseconds_of(lambda: repl.execute_code("None"))[0] for _ in range(request["count"])]
    return {"cell": sorted(times)[len(times) // 2]}


def tool_calls(request):
    """Calls of a tool, one after the other in one cell."""
    count = request["count"]
    code = f"for _ in range({count}): echo('x')"
    return {"call": milliseconds_of(lambda: warm_repl().execute_code(code))[0] / count}


def tools_at_once(_request):
    """Eight slow tools in threads."""
    code = """from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as threads:
    print(len(list(threads.map(slow, range(8)))))"""
    milliseconds, result = milliseconds_of(lambda: warm_repl().execute_code(code))
    assert result.stdout.strip() == "8", result
    return {"cell": milliseconds}


def large_input(request):
    """A text as context."""
    text = text_of(request["megabytes"])
    with LocalREPL() as repl:
        repl.execute_code("1")
        ready()

        def first_turn():
            repl.load_context(text)
            return repl.execute_code("print(len(context))")

        first, result = milliseconds_of(first_turn)
        assert result.stdout.strip() == str(len(text)), result
        later, _ = milliseconds_of(lambda: repl.execute_code("print(len(context))"))
    return {"first": first, "later": later}


def survival(request):
    """What is left after a cell: the REPL, and a variable of an earlier cell."""
    submit = "def SUBMIT(value):\n    answer['content'] = value\n    answer['ready'] = True"
    # Tools cannot cross to its subprocess; this one is defined there.
    tool = "def echo(text):\n    return text"
    if "survivor" not in shared:
        shared["survivor"] = IPythonREPL(kernel_mode="subprocess", cell_timeout=TIMEOUT_SECONDS)
    repl = shared["survivor"]
    repl.execute_code(f"kept = 41\n{submit}\n{tool}")
    ready()
    milliseconds, result = milliseconds_of(lambda: repl.execute_code(request["code"]))
    after = repl.execute_code("print(kept + 1)")
    said = result.stderr.strip() or result.stdout.strip() or str(result.final_answer)
    alive = "NameError" in after.stderr or after.stdout.strip() == "42"
    if not alive:
        shared.pop("survivor").cleanup()
    return {
        "milliseconds": milliseconds,
        "alive": alive,
        "kept": after.stdout.strip() == "42",
        "said": said,
    }


def at_rest(_request):
    """One REPL more that has run a cell and waits."""
    repl = shared[f"resting {len(shared)}"] = LocalREPL()
    repl.execute_code("1")
    return {}


def program(request):
    """An RLM whose models are the loopback server's."""
    def model(name):
        return {"model_name": name, "base_url": request["baseUrl"], "api_key": "none"}

    return RLM(
        backend="openai",
        backend_kwargs=model(f"root rlms {request['script']}"),
        other_backends=["openai"],
        other_backend_kwargs=[model("sub")],
        max_iterations=20,
    )


def run(request):
    """One whole run."""
    text = text_of(request["megabytes"])
    rlm = program(request)
    milliseconds, result = milliseconds_of(lambda: rlm.completion(text, root_prompt="How long is it?"))
    assert result.response == "done", result
    return {"run": milliseconds}


def runs(request):
    """Runs at once, each in a thread."""
    count = request["count"]
    text = text_of(request["megabytes"])

    def one(_):
        return program(request).completion(text, root_prompt="How long is it?").response

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
