"""The floor of every row that needs no isolation: CPython itself, `exec` in this process, nothing around it."""

import time

from wire import echo, milliseconds_of, ready, serve, text_of


def start(_request):
    """The first result."""
    return {"sandbox": milliseconds_of(lambda: eval("1 + 1"))[0]}


def cells(request):
    """Cells that do nothing."""
    times = [milliseconds_of(lambda: exec("None", {}))[0] for _ in range(request["count"])]
    return {"cell": sorted(times)[len(times) // 2]}


def tool_calls(request):
    """Calls of a function."""
    count = request["count"]
    code = f"for _ in range({count}): echo('x')"
    return {"call": milliseconds_of(lambda: exec(code, {"echo": echo}))[0] / count}


def large_input(request):
    """A text as variable, which is a reference."""
    text = text_of(request["megabytes"])
    ready()
    names = {}

    def first_turn():
        names["context"] = text
        exec("found = len(context)", names)

    first, _ = milliseconds_of(first_turn)
    later, _ = milliseconds_of(lambda: exec("found = len(context)", names))
    return {"first": first, "later": later}


def at_rest(_request):
    """Nothing more than the interpreter."""
    time.sleep(0.1)
    return {}


serve({"start": start, "cell": cells, "tool": tool_calls, "input": large_input, "rest": at_rest})
