"""Tool calls to the host: for the calling stack to wait for, or to be awaited."""

import js
from pyodide.ffi import JsException, can_run_sync, run_sync

from .prelude_control import Execution

#: Looked up once: each look through `js` costs as much as the call itself.
_call = js.rlm.call
_wait = js.rlm.wait
_cancel = js.rlm.cancel


def call(execution: Execution, request: str) -> str:
    """Sends a tool call and waits for the answer; other stacks run meanwhile."""
    execution.output.flush()
    need_suspension()
    ask = _wait if execution.alone() else _call
    execution.open_calls += 1
    try:
        reply = ask(request)
        if type(reply) is not str:
            reply = run_sync(reply)
    except JsException as error:
        raise _cut_off(error) from None
    finally:
        execution.open_calls -= 1
    execution.check()
    return str(reply)


class OpenCall:
    """A tool call that is sent, and whose answer some stack takes later: one stack can wait for many."""

    def __init__(self, execution: Execution, request: str) -> None:
        execution.output.flush()
        need_suspension()
        self._execution = execution
        self._reply = _call(request)
        execution.open_calls += 1

    def answer(self) -> str:
        """Waits for the answer; call it once."""
        try:
            reply = run_sync(self._reply)
        except JsException as error:
            raise _cut_off(error) from None
        finally:
            self._execution.open_calls -= 1
        self._execution.check()
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


def need_suspension() -> None:
    """Refuses to wait where the interpreter cannot be suspended."""
    if not can_run_sync():
        raise RuntimeError(
            "cannot wait here: this code was called back by JavaScript; call it from the cell itself"
        )
