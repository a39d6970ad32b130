"""Running a cell: from its text to its result, whatever it does."""

import inspect
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

from . import prelude_control as control
from . import prelude_errors as errors
from . import prelude_namespace as namespace
from . import prelude_source as source
from .prelude_control import CellTimeout, Execution
from .prelude_finish import finish
from .prelude_hints import runtime_hint
from .prelude_loop import loop
from .prelude_output import Output
from .prelude_repr import bounded_repr
from .prelude_rewrite import rewrite
from .prelude_rewrite_await import await_tools
from .prelude_together import Calls, loop_together, together
from .prelude_tools import Tool
from .prelude_wire import dumps, loads

#: Characters of a shown value; more could not travel in one message.
MAX_VALUE_CHARS = 1_000_000


class Cell:
    """One cell while it runs; its compiled code calls `show`, `send` and what runs calls together."""

    calls = Calls
    loop_together = staticmethod(loop_together)
    send = staticmethod(Tool.send)
    together = staticmethod(together)

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params
        self._filename = errors.cell_filename(params["cell"])
        self._compiled = False
        self._value: str | None = None
        self.execution = Execution(
            id=params["executionId"],
            cell=params["cell"],
            timeout_ms=params["timeoutMs"],
            tools=frozenset(spec["name"] for spec in params["tools"]),
            output=Output(params["maxOutputChars"]),
        )

    def show(self, value: object) -> None:
        """Keeps the `repr` of the last expression's value."""
        if value is not None:
            self._value = bounded_repr(value, min(self._params["maxOutputChars"], MAX_VALUE_CHARS))

    @staticmethod
    def together_set(thunks: Iterable[Callable[[], Any]], where: str) -> set[Any]:
        """The set of a rewritten set comprehension."""
        return set(together(thunks, where))

    @staticmethod
    def together_dict(thunks: Iterable[Callable[[], Any]], where: str) -> dict[Any, Any]:
        """The dict of a rewritten dict comprehension."""
        return dict(together(thunks, where))

    def run(self) -> str:
        """Runs the cell; returns its result as JSON text."""
        execution = self.execution
        namespace.restore_interpreter()
        namespace.give(self._params["tools"], self._params["submit"])
        token = control.begin(execution)
        try:
            problem = self._attempt()
            execution.ended = True
            if problem is None and execution.timed_out:
                # The deadline stopped a thread or a task, and nobody asked for its result.
                problem = CellTimeout()
            namespace.restore_interpreter()
            namespace.restore_names(execution)
            error = None if problem is None else self._describe(problem)
            finish(execution)
            execution.output.flush()
        finally:
            control.end(execution, token)
        return self._result(error)

    def _attempt(self) -> BaseException | None:
        """Compiles and runs the code; returns what it raised."""
        text = self._params["code"]
        errors.remember_source(self._filename, text)
        try:
            code = self._compile(text)
            self._compiled = True
            # A cell with `await` at its top level makes a coroutine.
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run_until_complete(eval(code, namespace.variables))
            else:
                exec(code, namespace.variables)
        except BaseException as problem:
            return problem
        return None

    def _compile(self, text: str) -> CodeType:
        """The code of the cell."""
        tree = source.parse(text, self._filename)
        # Looking through a tree costs time that a cell full of data would pay for nothing.
        tools = frozenset(name for name in namespace.given_tools() if name in text)
        try:
            await_tools(tree, tools)
            if self._params["rewrite"]:
                rewrite(
                    tree, tools & namespace.concurrent_tools(), namespace.variables, self._filename
                )
        except RecursionError:
            # An expression of thousands of terms is left as it is; each change made so far stands by itself.
            pass
        return source.compile_cell(tree, text, self._filename, self)

    def _describe(self, problem: BaseException) -> errors.ErrorText | None:
        """The text of what the cell raised, or None if it is an end that was asked for."""
        if self.execution.submission is not None:
            return None
        if isinstance(problem, CellTimeout):
            seconds = self.execution.timeout_ms / 1000
            message = (
                f"the cell ran longer than {seconds:g} s and was stopped; its variables are kept"
            )
            timeout = TimeoutError(message).with_traceback(problem.__traceback__)
            return errors.describe(timeout)
        if isinstance(problem, SyntaxError) and not self._compiled:
            return errors.describe_syntax(problem, self._params["code"])
        return errors.describe(
            problem, runtime_hint(problem, namespace.variables, self.execution.tools)
        )

    def _result(self, error: errors.ErrorText | None) -> str:
        """The result as JSON text."""
        execution = self.execution
        if execution.submission is not None:
            status = "submitted"
        elif execution.timed_out:
            status = "timeout"
        else:
            status = "ok" if error is None else "error"
        head = dumps(
            {
                "status": status,
                "value": self._value if status == "ok" else None,
                "error": None
                if error is None
                else {"type": error.type, "message": error.message, "traceback": error.traceback},
                "stdoutChars": execution.output.totals["stdout"],
                "stderrChars": execution.output.totals["stderr"],
                "notes": execution.notes,
                "names": namespace.names(),
            }
        )
        return f'{head[:-1]},"submission":{execution.submission or "null"}}}'

    def failure(self, problem: BaseException) -> str:
        """The result when there was no memory left for another one."""
        return self._result(errors.describe(problem))


def execute(text: str) -> str:
    """Runs one cell: `ExecuteParams` as JSON in, `ExecuteResult` as JSON out.

    Raises only when the guest has broken the runner or the interpreter itself: the next cell would fare no
    better, so this one ends the guest and the host starts another.
    """
    cell = Cell(loads(text))
    try:
        return cell.run()
    except MemoryError as problem:
        return cell.failure(problem)
