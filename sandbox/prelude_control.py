"""The execution that is open: who may act for it, and the exceptions that end it from inside."""

import contextvars
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    import asyncio

    from .prelude_output import Output


class Control(BaseException):
    """Ends guest code from inside; a cell's own `except` never keeps one."""


class Submitted(Control):
    """`SUBMIT` was called and its values were accepted for sending."""


class CellTimeout(Control):
    """The soft deadline of the cell has passed."""


class ThreadEnded(Control):
    """The cell is over, so code that it left running on another stack must end."""


@dataclass(eq=False)
class Execution:
    """One run of one cell."""

    id: str
    cell: int
    timeout_ms: float
    tools: frozenset[str]
    output: Output
    notes: list[str] = field(default_factory=list)
    #: Fields of the accepted `SUBMIT` as JSON text, frozen when it was called.
    submission: str | None = None
    timed_out: bool = False
    #: The cell's code has ended, so no deadline can stop it any more.
    ended: bool = False
    #: What the cell left running is being ended.
    closing: bool = False
    #: Nothing may act for this execution any more.
    closed: bool = False
    #: Tool calls whose stack waits for the host.
    open_calls: int = 0
    #: Stacks of threads that have not ended.
    threads: int = 0
    #: Callbacks that were scheduled for a later time, and those for the next turn of the loop.
    timers: WeakSet[asyncio.Handle] = field(default_factory=WeakSet)
    handles: WeakSet[asyncio.Handle] = field(default_factory=WeakSet)

    def note(self, text: str) -> None:
        """Tells the model what the runner did, once for each text."""
        if text not in self.notes:
            self.notes.append(text)

    def alone(self) -> bool:
        """Whether nothing else of the cell could run while the calling stack waits."""
        if self.open_calls or self.threads:
            return False
        # Not by their length: a `WeakSet` takes that with the builtin `len`, which the cell may have deleted.
        return not self.timers.data and not self.handles.data

    def check(self) -> None:
        """Ends the calling code if its cell has been submitted, has timed out or is over."""
        if self.submission is not None:
            raise Submitted
        if self.timed_out:
            raise CellTimeout
        if self.closing:
            raise ThreadEnded


#: The execution whose code is running, inherited by every task, timer and thread that it starts.
_current: contextvars.ContextVar[Execution | None] = contextvars.ContextVar(
    "execution", default=None
)
_open: Execution | None = None


def begin(execution: Execution) -> contextvars.Token[Execution | None]:
    """Makes `execution` the one for which guest code acts."""
    global _open
    _open = execution
    return _current.set(execution)


def end(execution: Execution, token: contextvars.Token[Execution | None]) -> None:
    """Closes `execution`: from now on its left-over code can neither print nor call tools."""
    global _open
    execution.closed = True
    _open = None
    _current.reset(token)


def acting() -> Execution | None:
    """The execution for which the calling code acts, or None if that one has ended."""
    execution = _current.get() or _open
    return None if execution is None or execution.closed else execution


def inherited() -> Execution | None:
    """The execution that started the calling code, whether it has ended or not."""
    return _current.get()


#: Where code of the runner, the standard library and Pyodide comes from; the rest is the guest's.
_OWN_FILES = ("<_rlm", "/lib/python", "<frozen", "<exec>")


def is_guest_frame(frame: FrameType) -> bool:
    """Whether `frame` runs code that the guest wrote."""
    return not frame.f_code.co_filename.startswith(_OWN_FILES)


def on_interrupt(_signal: int, frame: FrameType | None) -> None:
    """Handles the signal of the soft deadline: stops guest code, and never the runner's own.

    Between cells it stops what a callback of the guest left running.
    """
    execution = _open
    if execution is not None and not execution.ended:
        execution.timed_out = True
    while frame is not None:
        if is_guest_frame(frame):
            raise CellTimeout
        frame = frame.f_back
