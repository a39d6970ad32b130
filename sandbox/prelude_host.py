"""Calls to the host, and how the guest's one thread waits: for the host, for a time, for a future."""

import asyncio
import math
import time

import js
from pyodide.ffi import JsException, can_run_sync, run_sync

from .prelude_control import Execution, acting

#: Longest wait, in seconds, without a look at the deadline: while the interpreter is suspended it takes no signal.
SLICE_SECONDS = 0.05

_now = time.monotonic
#: Looked up once: each look through `js` costs as much as the call itself.
_call = js.rlm.call
_cancel = js.rlm.cancel


def call(execution: Execution, request: str) -> str:
    """Sends a tool call and waits for the answer; other stacks run meanwhile."""
    execution.output.flush()
    _need_suspension()
    execution.open_calls += 1
    try:
        reply = run_sync(_call(request))
    except JsException as error:
        raise _cut_off(error) from None
    finally:
        execution.open_calls -= 1
    execution.check()
    return str(reply)


async def call_later(execution: Execution, request: str) -> str:
    """Sends a tool call whose answer is awaited."""
    execution.output.flush()
    try:
        reply = await _call(request)
    except JsException as error:
        raise _cut_off(error) from None
    execution.check()
    return str(reply)


def _cut_off(error: JsException) -> ConnectionError:
    """What a call raises when the host gave no answer."""
    return ConnectionError(f"the host did not answer: {error.message}")


def cancel_calls() -> None:
    """Has the host reject the open calls, so that no stack of a finished cell stays suspended."""
    _cancel()


def _need_suspension() -> None:
    """Refuses to wait where the interpreter cannot be suspended."""
    if not can_run_sync():
        raise RuntimeError("cannot wait here: this code was called back by JavaScript; call it from the cell itself")


def check_cell() -> None:
    """Ends the calling code if its cell is over, as every wait does."""
    execution = acting()
    if execution is not None:
        execution.check()


def wait(future: "asyncio.Future[object]", seconds: float = math.inf) -> bool:
    """Waits until `future` is done, at most `seconds`; returns whether it is.

    Other stacks run meanwhile. The deadline of the cell, a submission elsewhere and the end of the cell
    end the wait with their own exceptions.
    """
    execution = acting()
    until = _now() + seconds
    if execution is not None:
        execution.output.flush()
    while not future.done():
        if execution is not None:
            execution.check()
        left = until - _now()
        if left <= 0:
            return False
        suspend(future, min(left, SLICE_SECONDS))
    return True


def suspend(future: "asyncio.Future[object] | None", seconds: float) -> None:
    """Lets other stacks run until `future` is done or `seconds` have passed."""
    _need_suspension()
    loop = asyncio.get_event_loop()
    wake = loop.create_future()

    def set_wake(_future: object = None) -> None:
        if not wake.done():
            wake.set_result(None)

    timer = loop.call_later(seconds, set_wake)
    if future is not None:
        future.add_done_callback(set_wake)
    try:
        run_sync(wake)
    finally:
        timer.cancel()
        if future is not None:
            future.remove_done_callback(set_wake)


def sleep(seconds: float) -> None:
    """Stands in for `time.sleep`: other stacks run meanwhile, and the deadline ends it."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    wait(asyncio.get_event_loop().create_future(), seconds)
