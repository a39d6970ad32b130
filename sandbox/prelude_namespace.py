"""The guest's names: its variables, what the runner adds to them, and what is put right around each cell."""

import _signal
import builtins
import sys
from itertools import repeat
from operator import is_
from types import ModuleType
from typing import Any

from . import prelude_output as output
from .prelude_control import Execution, on_interrupt
from .prelude_submit import Final, FinalVar, Submit
from .prelude_tools import Tool

_main: ModuleType = sys.modules["__main__"]
#: The variables of the guest.
variables: dict[str, Any] = vars(_main)
_initial = {name: value for name, value in variables.items() if name.startswith("__")}

_submit = Submit()
_final = Final(_submit)
_final_var = FinalVar(_submit, variables)
#: Names that the runner gives in the open execution.
_given: dict[str, object] = {}
#: Every tool that was ever given, with its specification, so that a kept reference stays good.
_tools: dict[str, tuple[dict[str, Any], Tool]] = {}

_builtins: dict[str, object] = {}
_modules: dict[str, ModuleType] = {}
#: What imports look in, whatever a cell makes of the name `sys.modules`.
_table: dict[str, ModuleType] = sys.modules
#: The table as it was when it was last looked through.
_seen_modules: dict[str, ModuleType] = {}
_recursion_limit = sys.getrecursionlimit()


def give(tools: list[dict[str, Any]], fields: list[dict[str, Any]]) -> None:
    """Makes the tools and `SUBMIT` of one execution the only ones that the guest knows."""
    given: dict[str, object] = {"SUBMIT": _submit, "FINAL": _final, "FINAL_VAR": _final_var}
    _submit.set_fields(fields)
    for spec in tools:
        given[spec["name"]] = _tool(spec)
    for name, value in _given.items():
        if given.get(name) is not value and variables.get(name) is value:
            del variables[name]
    _given.clear()
    _given.update(given)
    variables.update(given)


def _tool(spec: dict[str, Any]) -> Tool:
    """The tool of `spec`: the same object as long as the specification stays the same."""
    name = spec["name"]
    known = _tools.get(name)
    if known is not None and known[0] == spec:
        return known[1]
    tool = Tool(name, spec["description"], spec["parameters"], bool(spec.get("concurrent")))
    _tools[name] = (spec, tool)
    return tool


def concurrent_tools() -> frozenset[str]:
    """Names that stand for tools whose calls may run together."""
    return frozenset(
        name
        for name, value in _given.items()
        if isinstance(value, Tool) and value.concurrent and variables.get(name) is value
    )


def given_tools() -> frozenset[str]:
    """Names that stand for the tools of the open execution."""
    return frozenset(
        name
        for name, value in _given.items()
        if isinstance(value, Tool) and variables.get(name) is value
    )


def restore_names(execution: Execution) -> None:
    """Gives back the names that a cell overwrote, and says so."""
    if _remove_strange_keys(variables):
        execution.note("keys of globals() that were not plain text were removed")
    variables.update(_initial)
    for name, value in _given.items():
        if variables.get(name) is not value:
            variables[name] = value
            execution.note(
                f"{name} was overwritten or deleted; it is the function of that name again"
            )
    for name in [name for name in variables if name[:1] == "\0"]:
        # A rewritten loop's own.
        del variables[name]
    if "print" in variables:
        del variables["print"]
        execution.note("print was overwritten; it is the builtin again")
    current = vars(builtins)
    if _is_same(current, _builtins):
        return
    _remove_strange_keys(current)
    changed = [name for name, value in _builtins.items() if current.get(name) is not value]
    if changed:
        current.update(_builtins)
        names = ", ".join(sorted(changed)[:10])
        execution.note(f"builtins were changed or deleted; they are back: {names}")


def _remove_strange_keys(table: dict[str, Any]) -> bool:
    """Removes what is no name: a table takes any key, and one with methods of its own would run in the runner."""
    if all(map(is_, map(type, table), repeat(str))):
        return False
    # Not one by one: a look-up would call those methods.
    items = list(table.items())
    table.clear()
    table.update((key, value) for key, value in items if type(key) is str)
    return True


def protect() -> None:
    """Remembers the interpreter as it should be; called when all modules are loaded."""
    # The first cell can be stopped before it has come to what each cell puts right.
    _signal.signal(_signal.SIGINT, on_interrupt)
    _builtins.update(vars(builtins))
    _modules.update(sys.modules)


def is_own_module(name: str) -> bool:
    """Whether a module was there before any cell ran."""
    return name in _modules


def restore_interpreter() -> None:
    """Undoes what a cell may have done to the interpreter that the next one, or the runner, relies on."""
    for attempt in range(3):
        try:
            _restore()
            return
        except BaseException:
            # A trace or profile function of the guest that raises is removed by that.
            if attempt == 2:
                raise


def _restore() -> None:
    sys.settrace(None)
    sys.setprofile(None)
    for tool in range(6):
        if sys.monitoring.get_tool(tool) is not None:
            sys.monitoring.free_tool_id(tool)
    _signal.signal(_signal.SIGINT, on_interrupt)
    if sys.getrecursionlimit() != _recursion_limit:
        sys.setrecursionlimit(_recursion_limit)
    sys.modules = _table
    if not _is_same(_table, _seen_modules):
        _restore_modules()
    vars(output.stdout).pop("write", None)
    sys.stdout = sys.__stdout__ = output.stdout
    sys.stderr = sys.__stderr__ = output.stderr
    sys.stdin = sys.__stdin__ = output.stdin


def _restore_modules() -> None:
    """Puts back the modules that a cell removed; what it put in the place of one is its own affair."""
    _remove_strange_keys(_table)
    for name, module in _modules.items():
        if _table.get(name) is None:
            _table[name] = module
    _table["__main__"] = _main
    _seen_modules.clear()
    _seen_modules.update(_table)


def _is_same(current: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether two dicts hold the same objects by the same names in the same order; asks none of them, and costs less than a look at each."""
    return (
        len(current) == len(known)
        and all(map(is_, current.values(), known.values()))
        and all(map(is_, current, known))
    )


def names() -> list[str]:
    """The names of the guest's own variables."""
    return [name for name in variables if not name.startswith("__") and name not in _given]


def reset() -> None:
    """Forgets all variables and tools."""
    variables.clear()
    variables.update(_initial)
    _given.clear()
    _tools.clear()
