"""Threads on one thread: each has a stack of its own, and others run while it waits.

A thread runs until it waits (for a tool, a lock, a time, another thread), so calls of tools overlap while
plain Python does not. The standard library's own `Thread`, `Condition`, `Event` and `Queue` work on top of the
lock and the handle that are defined here.
"""

import asyncio
import concurrent.futures
import concurrent.futures.thread
import contextvars
import itertools
import math
import queue
import threading
from _threading_local import local
from collections import deque
from collections.abc import Callable
from typing import Any

from . import prelude_output as output
from .prelude_control import Control, acting
from .prelude_errors import describe
from .prelude_loop import check_cell, loop
from .prelude_loop import wait as wait_for

#: Jobs of one executor that run together when its maker does not say.
DEFAULT_WORKERS = 64

_pool_numbers = itertools.count()
_numbers = itertools.count(threading.get_ident() + 1)
_ident: contextvars.ContextVar[int] = contextvars.ContextVar(
    "thread", default=threading.get_ident()
)


class Lock:
    """Stands in for `threading.Lock`: other stacks run while one waits for it."""

    def __init__(self) -> None:
        self._locked = False
        self._waiters: deque[asyncio.Future[Any]] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking and self._locked and not self._wait(math.inf if timeout < 0 else timeout):
            return False
        if self._locked:
            return False
        self._locked = True
        return True

    def _wait(self, seconds: float) -> bool:
        """Waits until the lock is free, at most `seconds`."""
        until = loop.time() + seconds
        while self._locked:
            waiter = loop.create_future()
            self._waiters.append(waiter)
            try:
                wait_for(waiter, until - loop.time())
            finally:
                if not waiter.done():
                    self._waiters.remove(waiter)
            if self._locked and loop.time() >= until:
                return False
        return True

    def release(self) -> None:
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        self._locked = False
        # All waiters look again: one that has timed out meanwhile must not take the only wake-up with it.
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def locked(self) -> bool:
        return self._locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._locked = False


class ThreadHandle:
    """What the standard library's `Thread` knows of the stack that it runs on."""

    def __init__(self) -> None:
        self.ident: int | None = None
        self._ended = Lock()
        self._ended.acquire()

    def is_done(self) -> bool:
        return not self._ended.locked()

    def join(self, timeout: float | None = None) -> None:
        if self._ended.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
            self._ended.release()

    def _set_done(self) -> None:
        if self._ended.locked():
            self._ended.release()


def start_joinable_thread(
    function: Callable[[], object], *, handle: ThreadHandle | None = None, daemon: bool = True
) -> ThreadHandle:
    """Runs `function` on a stack of its own; what `Thread.start` calls."""
    execution = acting()
    if execution is None:
        raise RuntimeError("can't start new thread: the cell that started this code has ended")
    started = ThreadHandle() if handle is None else handle
    # `Thread` runs its target in a context that knows nothing of the cell; give it what this one knows.
    context = getattr(getattr(function, "__self__", None), "_context", None)
    if context is None:
        context = contextvars.Context()
    for variable, value in contextvars.copy_context().items():
        if variable not in context:
            context.run(variable.set, value)
    started.ident = next(_numbers)
    context.run(_ident.set, started.ident)
    execution.threads += 1

    def run() -> None:
        try:
            function()
        finally:
            execution.threads -= 1
            started._set_done()

    loop.call_soon(run, context=context.copy())
    return started


def start_at_once(thread: threading.Thread) -> None:
    """`thread.start()` without waiting until it runs, which would take a turn of the loop for each."""
    threading._limbo[thread] = thread
    thread._context = contextvars.copy_context()
    start_joinable_thread(thread._bootstrap, handle=thread._os_thread_handle)


class ThreadPoolExecutor(concurrent.futures.Executor):
    """Stands in for the executors of `concurrent.futures`: a stack for each job, so none outlives its cell."""

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        **_others: Any,
    ) -> None:
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        self._max_workers = max_workers or DEFAULT_WORKERS
        self._initialize = None if initializer is None else lambda: initializer(*initargs)
        self._name = thread_name_prefix or f"ThreadPoolExecutor-{next(_pool_numbers)}"
        self._numbers = itertools.count()
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._closed = False
        self._idle: asyncio.Future[Any] | None = None

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[Any]:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                check_cell()
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        self._jobs.append(job)
        if self._running < self._max_workers:
            self._running += 1
            start_at_once(
                threading.Thread(target=self._work, name=f"{self._name}_{next(self._numbers)}")
            )
        return future

    def _work(self) -> None:
        """Runs jobs until there are none, and lets `shutdown` go on after the last worker."""
        try:
            if self._initialize is not None:
                self._initialize()
            while self._jobs:
                self._jobs.popleft()()
        finally:
            self._end_worker()

    def _end_worker(self) -> None:
        self._running -= 1
        if self._running == 0 and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closed = True
        if cancel_futures:
            self._jobs.clear()
        if wait and self._running:
            self._idle = loop.create_future()
            wait_for(self._idle)


def get_ident() -> int:
    """Stands in for `threading.get_ident`: a number for each stack."""
    return _ident.get()


def show_exception(args: Any, /) -> None:
    """Stands in for `threading.excepthook`: what ended a thread that nobody asks for its result."""
    if not isinstance(args.exc_value, (Control, SystemExit)):
        name = args.thread.name if args.thread is not None else "?"
        output.stderr.write(f"Exception in thread {name}\n{describe(args.exc_value).traceback}")


def install() -> None:
    """Puts these in the place of what needs real threads."""
    threading._start_joinable_thread = start_joinable_thread
    threading._ThreadHandle = ThreadHandle
    threading.get_ident = get_ident
    threading.excepthook = show_exception
    threading.Lock = threading._allocate_lock = Lock
    threading.RLock = threading._PyRLock
    threading.local = local
    queue.SimpleQueue = queue._PySimpleQueue
    concurrent.futures.ThreadPoolExecutor = concurrent.futures.thread.ThreadPoolExecutor = (
        ThreadPoolExecutor
    )
    concurrent.futures.ProcessPoolExecutor = ThreadPoolExecutor
    loop.executor = ThreadPoolExecutor()
