"""The event loop of the guest: one thread, many stacks, and the ways in which one of them waits."""

import asyncio
import contextvars
import math
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor
from typing import Any

from pyodide.ffi import create_once_callable, run_sync
from pyodide.webloop import WebLoop, WebLoopPolicy, scheduleCallback

from . import prelude_output as output
from .prelude_control import Control, acting, inherited
from .prelude_errors import describe
from .prelude_host import need_suspension

#: Longest wait, in seconds, without a look at the deadline: while the interpreter is suspended it takes no signal.
SLICE_SECONDS = 0.05
#: Seconds that code which a cell left running gets for ending itself.
GRACE_SECONDS = 0.5
#: Longest delay that a JavaScript timer takes.
MAX_TIMEOUT_MS = 2**31 - 1


class CellLoop(WebLoop):
    """Pyodide's loop, in which a cell can wait for a coroutine and whose work ends with the cell."""

    #: Runs the jobs of `to_thread`.
    executor: Executor

    # Pyodide's own versions of the next two look their helpers up among the builtins, which a cell may delete.

    def call_later(
        self,
        delay: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        execution = inherited()
        handle = asyncio.Handle(callback, args, self, context)
        if execution is not None and execution.closed:
            handle.cancel()
        elif delay != math.inf:
            if execution is not None:
                (execution.timers if delay > 0 else execution.handles).add(handle)
            self._schedule(handle, delay)
        return handle

    def _schedule(self, handle: asyncio.Handle, delay: float) -> None:
        """Has JavaScript run `handle` on a stack of its own after `delay` seconds."""
        milliseconds = min(max(delay, 0) * 1000, MAX_TIMEOUT_MS)
        scheduleCallback(
            create_once_callable(lambda: self._run(handle), _may_syncify=True), milliseconds
        )

    def _decrement_in_progress(self, future: Any = None) -> None:
        # Pyodide counts callbacks to find the tasks for which nobody waits: one is this method itself.
        unheard = future is not None and getattr(future, "_num_done_callbacks", None) == 1
        if unheard and not future.cancelled() and (error := future.exception()) is not None:
            self.call_exception_handler({"exception": error})

    def _run(self, handle: asyncio.Handle) -> None:
        """Runs a callback when its turn has come; nothing that it raises may reach JavaScript."""
        self._install_running_loop()
        self._install_asyncgen_hooks()
        if not handle.cancelled():
            try:
                handle._run()
            except SystemExit, KeyboardInterrupt:
                # A task that was ended by one of these keeps it for whoever awaits the task.
                pass

    def suspend(self, future: asyncio.Future[Any] | None, seconds: float) -> None:
        """Lets other stacks run until `future` is done or `seconds` have passed."""
        need_suspension()
        asyncio._set_running_loop(self)
        wake = self.create_future()

        def set_wake(_future: object = None) -> None:
            if not wake.done():
                wake.set_result(None)

        # Not one of the cell's timers: a stack that waits must wake to see that its cell has ended.
        timer = asyncio.Handle(set_wake, (), self)
        self._schedule(timer, seconds)
        if future is not None:
            future.add_done_callback(set_wake)
        try:
            run_sync(wake)
        finally:
            timer.cancel()
            if future is not None:
                future.remove_done_callback(set_wake)

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
            if (
                not settle(task.done)
                or task.cancelled()
                or not isinstance(task.exception(), Control)
            ):
                raise
        return task.result()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Shows the exception of a task for which nobody waits."""
        error = context.get("exception")
        if isinstance(error, BaseException) and not isinstance(
            error, (Control, asyncio.CancelledError)
        ):
            output.stderr.write(f"Exception in a background task\n{describe(error).traceback}")


def check_cell() -> None:
    """Ends the calling code if its cell is over, as every wait does."""
    execution = acting()
    if execution is not None:
        execution.check()


def wait(future: asyncio.Future[Any], seconds: float = math.inf) -> bool:
    """Waits until `future` is done, at most `seconds`; returns whether it is.

    Other stacks run meanwhile. The deadline of the cell, a submission elsewhere and the end of the cell
    end the wait with their own exceptions.
    """
    execution = acting()
    if execution is not None:
        execution.output.flush()
    until = loop.time() + seconds
    while not future.done():
        check_cell()
        left = until - loop.time()
        if left <= 0:
            return False
        loop.suspend(future, min(left, SLICE_SECONDS))
    check_cell()
    return True


def settle(done: Callable[[], bool]) -> bool:
    """Lets other stacks run until `done()`, for a bounded time; returns what it said last."""
    until = loop.time() + GRACE_SECONDS
    while not done() and loop.time() < until:
        loop.suspend(None, 0.005)
    return done()


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

    def __enter__(self) -> Runner:
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


def sleep(seconds: float) -> None:
    """Stands in for `time.sleep`: other stacks run meanwhile, and the deadline ends it."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    wait(loop.create_future(), seconds)


loop = CellLoop()


def install() -> None:
    """Makes this loop the one that asyncio knows, and its `run` the one that works in a cell."""
    asyncio.set_event_loop_policy(_Policy(loop))
    asyncio._set_running_loop(loop)
    asyncio.run = asyncio.runners.run = run
    asyncio.Runner = asyncio.runners.Runner = Runner
