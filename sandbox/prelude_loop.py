"""The event loop of the guest: coroutines that a cell waits for, and what it leaves running."""

import asyncio
import contextvars
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor
from typing import Any

from pyodide.webloop import WebLoop, WebLoopPolicy

from . import prelude_output as output
from .prelude_control import Control, Execution, acting, inherited
from .prelude_errors import describe
from .prelude_host import cancel_calls, suspend, wait
from .prelude_source import CellCode

#: Seconds that code which a cell left running gets for ending itself.
GRACE_SECONDS = 1.0


class CellLoop(WebLoop):
    """Pyodide's loop, in which a cell can wait for a coroutine and whose work ends with the cell."""

    #: Runs the jobs of `to_thread`.
    executor: Executor

    def __init__(self) -> None:
        super().__init__()
        self._system_exit_handler = self._keyboard_interrupt_handler = lambda *_: None

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        execution = inherited()
        handle = super().call_later(delay, callback, *args, context=context)
        if execution is not None:
            if execution.closed:
                handle.cancel()
            else:
                execution.handles.add(handle)
        return handle

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Runs `func` on a stack of its own; what `asyncio.to_thread` calls."""
        job = (executor or self.executor).submit(func, *args)
        return asyncio.wrap_future(job, loop=self)

    def run_until_complete(self, future: Awaitable[Any]) -> Any:
        """Runs `future` to its end and returns its result; other tasks run meanwhile."""
        if asyncio.iscoroutine(future):
            future = self.create_task(_ended_by_control(future))
        task = asyncio.ensure_future(future, loop=self)
        try:
            wait(task)
        except Control:
            task.cancel()
            # The task ends with the same exception, whose traceback tells where it was.
            if not _settle(task.done) or task.cancelled() or not isinstance(task.exception(), Control):
                raise
        return task.result()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Shows the exception of a task for which nobody waits."""
        error = context.get("exception")
        if isinstance(error, BaseException) and not isinstance(error, (Control, asyncio.CancelledError)):
            output.stderr.write(f"Exception in a background task\n{describe(error).traceback}")


class _Policy(WebLoopPolicy):
    """Gives out the one loop that there is, also to code that asks for a new one."""

    def __init__(self, loop: CellLoop) -> None:
        self._default_loop = loop

    def get_event_loop(self) -> CellLoop:
        return loop

    def new_event_loop(self) -> CellLoop:
        return loop

    def set_event_loop(self, _loop: object) -> None:
        """Does nothing: without this loop nothing could wait any more."""


class Runner:
    """Stands in for `asyncio.Runner`, on the loop that is always running."""

    def __init__(self, **_options: Any) -> None:
        """Takes and ignores the options of the original."""

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_error: object) -> None:
        """Leaves the loop as it is."""

    def close(self) -> None:
        """Leaves the loop as it is."""

    def get_loop(self) -> CellLoop:
        return loop

    def run(self, coro: Awaitable[Any], *, context: contextvars.Context | None = None) -> Any:
        return loop.run_until_complete(coro)


def run(main: Awaitable[Any], *, debug: bool | None = None, loop_factory: object = None) -> Any:
    """Stands in for `asyncio.run`: works inside a running loop, which every cell is."""
    return loop.run_until_complete(main)


async def _ended_by_control(coro: Coroutine[Any, Any, Any]) -> Any:
    """`coro` as a coroutine that the end of the cell reaches."""
    return await _driven(coro)


@types.coroutine
def _driven(coro: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """`coro`, in which a cancellation after the end of the cell arrives as the exception that ended it."""
    raised: BaseException | None = None
    while True:
        try:
            awaited = coro.send(None) if raised is None else coro.throw(raised)
        except StopIteration as stop:
            return stop.value
        raised = None
        try:
            yield awaited
        except asyncio.CancelledError as cancelled:
            raised = _reason() or cancelled
        except BaseException as error:
            raised = error


def _reason() -> Control | None:
    """The exception that ends the calling code's cell, if one does."""
    execution = acting()
    if execution is None:
        return None
    try:
        execution.check()
    except Control as reason:
        return reason
    return None


def _settle(done: Callable[[], bool]) -> bool:
    """Lets other stacks run until `done()`, for a bounded time; returns what it said last."""
    until = loop.time() + GRACE_SECONDS
    while not done() and loop.time() < until:
        suspend(None, 0.005)
    return done()


def finish(execution: Execution) -> None:
    """Ends the tasks, threads, tool calls and timers that a cell left behind, and says so."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    execution.closing = True
    if tasks or execution.threads or execution.open_calls:
        for task in tasks:
            task.cancel()
        if execution.open_calls:
            cancel_calls()
        _note_left(execution, len(tasks), execution.threads)
        if not _settle(lambda: idle(execution) and all(task.done() for task in tasks)):
            execution.note("code that the cell left running does not end; it can act no more")
    for handle in list(execution.handles):
        handle.cancel()


def _note_left(execution: Execution, tasks: int, threads: int) -> None:
    """Tells the model what of its work was cut short."""
    if execution.submission is not None or execution.timed_out:
        return
    if tasks:
        execution.note(f"{tasks} task(s) still ran when the cell ended and were cancelled; await them")
    if threads:
        execution.note(f"{threads} thread(s) still ran when the cell ended and were ended; join them")


def idle(execution: Execution) -> bool:
    """Whether no stack of `execution` is suspended."""
    return not execution.threads and not execution.open_calls


def run_code(code: CellCode, variables: dict[str, Any]) -> None:
    """Runs a compiled cell; one with `await` at its top level runs as a task."""
    if code.is_async:
        loop.run_until_complete(eval(code.code, variables))
    else:
        exec(code.code, variables)


loop = CellLoop()


def install() -> None:
    """Makes this loop the one that asyncio knows, and its `run` the one that works in a cell."""
    asyncio.set_event_loop_policy(_Policy(loop))
    asyncio._set_running_loop(loop)
    asyncio.run = asyncio.runners.run = run
    asyncio.Runner = asyncio.runners.Runner = Runner
