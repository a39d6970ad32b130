"""The end of a cell: what it left running is ended, so that an idle guest is still and can be saved."""

import asyncio

from .prelude_control import Execution
from .prelude_host import cancel_calls
from .prelude_loop import loop, settle


def finish(execution: Execution) -> None:
    """Ends the tasks, threads, tool calls and timers that a cell left behind, and says so."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    execution.closing = True
    for timer in list(execution.timers):
        timer.cancel()
    if tasks or execution.threads or execution.open_calls:
        for task in tasks:
            task.cancel()
        if execution.open_calls:
            cancel_calls()
        _note_left(execution, len(tasks), execution.threads)
        if not settle(lambda: idle(execution) and all(task.done() for task in tasks)):
            execution.note("code that the cell left running does not end; it can act no more")
    for handle in [*execution.timers, *execution.handles]:
        handle.cancel()


def _note_left(execution: Execution, tasks: int, threads: int) -> None:
    """Tells the model what of its work was cut short."""
    if execution.submission is not None or execution.timed_out:
        return
    if tasks:
        execution.note(
            f"{tasks} task(s) still ran when the cell ended and were cancelled; await them"
        )
    if threads:
        execution.note(
            f"{threads} thread(s) still ran when the cell ended and were ended; join them"
        )


def idle(execution: Execution) -> bool:
    """Whether no stack of `execution` is suspended."""
    return not execution.threads and not execution.open_calls
