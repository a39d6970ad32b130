"""Independent calls that run together: what rewritten comprehensions and loops call."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from gc import get_referents
from types import GeneratorType
from typing import Any, NoReturn

from .prelude_control import Control, acting
from .prelude_host import cancel_calls
from .prelude_threads import ThreadPoolExecutor

#: Calls that are open together at most; the host has a bound of its own.
WINDOW = 256
#: Objects that are looked at to show that a loop's calls do not depend on what it has written.
MAX_OBJECTS = 100_000

_SCALARS = frozenset({str, int, float, bool, bytes, type(None), complex, range})
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
_ITERATORS = frozenset(
    {enumerate, zip, reversed, type({}.keys()), type({}.values()), type({}.items())}
)
#: Iterators whose items are made by the guest's code.
_CODE = frozenset({GeneratorType, map, filter})
#: What those before read a container through.
_STEPS = _ITERATORS | frozenset(
    type(iter(part)) for part in ([], (), {}, {}.values(), {}.items(), set(), range(0), "", "é", b"")
) | {tuple, type(reversed([]))}  # fmt: skip


class Calls:
    """Rounds that are one tool call each: to send it is one step, to take its answer another."""

    def __init__(self, sends: Iterable[Callable[[], Callable[[], Any]]]) -> None:
        self.sends = sends

    def __iter__(self) -> Iterator[Callable[[], Any]]:
        """The rounds as thunks, for who runs them in turn."""
        for send in self.sends:
            yield partial(_in_turn, send)


def _in_turn(send: Callable[[], Callable[[], Any]]) -> Any:
    """One round from its call to its answer."""
    return send()()


def in_order(thunks: Iterable[Callable[[], Any]], where: str) -> Iterator[Any]:
    """Results of `thunks`, which run together, in their order; the first that fails ends it."""
    if isinstance(thunks, Calls):
        return _from_one_stack(thunks, where)
    return _from_many_stacks(thunks, where)


def _from_many_stacks(thunks: Iterable[Callable[[], Any]], where: str) -> Iterator[Any]:
    """Results of thunks that may do anything around their calls."""
    pending: deque[Future[Any]] = deque()
    # Leaving waits for the calls in flight: they are paid for, and none may outlive what made them.
    with ThreadPoolExecutor(WINDOW) as executor:
        for thunk in _up_to_failure(thunks):
            pending.append(executor.submit(thunk))
            if len(pending) == 2:
                _note(where)
            if len(pending) == WINDOW:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _from_one_stack(calls: Calls, where: str) -> Iterator[Any]:
    """Results of calls that are all sent before the first is waited for: a stack for each would cost more than the call."""
    pending: deque[Callable[[], Any]] = deque()
    try:
        for send in _up_to_failure(calls.sends):
            try:
                pending.append(send())
            except Control:
                raise
            except BaseException as error:
                # What comes after it would not have been sent in turn either.
                pending.append(partial(_raise, error))
                break
            if len(pending) == 2:
                _note(where)
            if len(pending) == WINDOW:
                yield pending.popleft()()
        while pending:
            yield pending.popleft()()
    except Control:
        cancel_calls()
        raise
    finally:
        # As above, none may outlive what made it.
        for answer in pending:
            _attempt(answer)


def _up_to_failure(thunks: Iterable[Callable[[], Any]]) -> Iterator[Callable[[], Any]]:
    """The thunks; where no more can be made, the last one says why, after all before it have had their turn."""
    try:
        yield from thunks
    except Exception as error:
        yield partial(_raise, error)


def _raise(error: BaseException) -> NoReturn:
    raise error


def _attempt(answer: Callable[[], Any]) -> None:
    """Waits for an answer that nobody wants any more."""
    try:
        answer()
    except Control:
        cancel_calls()
    except BaseException:
        pass


def _note(where: str) -> None:
    """Tells the model that calls which it wrote one after the other ran together."""
    execution = acting()
    if execution is not None:
        execution.note(f"{where} ran together")


def together(thunks: Iterable[Callable[[], Any]], where: str) -> list[Any]:
    """The list of a rewritten list comprehension."""
    return list(in_order(thunks, where))


def loop_together(
    items: Iterable[Any],
    thunks: Callable[[Iterable[Any]], Iterable[Callable[[], Any]]],
    reads: Callable[[], tuple[Any, ...]],
    writes: Callable[[], tuple[Any, ...]],
    where: str,
) -> Iterator[tuple[Iterable[Any], Iterable[Any]]]:
    """What the rounds of a rewritten loop set: together if that can be shown to be the same, else in turn.

    Of each round first what the loop's target is, then what the calling part made. One that failed has the
    target too, which a cell may look at to see where it failed; who takes the rest gets the failure.
    """
    live = _follows(items, writes)
    if type(items) in _ITERATORS and not live:
        items = list(items)
    independent = not live and _independent(items, reads, writes)
    made = thunks(items)
    targets: deque[tuple[Any, ...]] = deque()
    rounds: Iterable[Callable[[], Any]] = (
        Calls(_noting(made.sends, targets)) if isinstance(made, Calls) else _noting(made, targets)
    )
    results = in_order(rounds, where) if independent else (round() for round in rounds)
    while True:
        try:
            result = next(results)
        except StopIteration:
            return
        except Exception as error:
            if not targets:
                raise
            result = targets[0], _failing(error)
        targets.popleft()
        yield result


def _noting(thunks: Iterable[Any], targets: deque[tuple[Any, ...]]) -> Iterator[Callable[[], Any]]:
    """The thunks of a loop, of each of which the items are added to `targets`: they are its defaults."""
    for thunk in thunks:
        targets.append(thunk.__defaults__ or ())
        yield thunk


def _failing(error: Exception) -> Iterator[Any]:
    """Raises `error` when it is unpacked."""
    yield _raise(error)


def _follows(items: Iterable[Any], writes: Callable[[], tuple[Any, ...]]) -> bool:
    """Whether what the loop writes may change an iterator's items, which are taken one by one, as it goes on."""
    if type(items) not in _ITERATORS:
        return False
    try:
        written = {id(value) for value in writes()}
    except NameError:
        return True
    pending: list[Any] = [items]
    while pending:
        for part in get_referents(pending.pop()):
            if type(part) in _CODE or id(part) in written:
                return True
            if type(part) in _STEPS:
                pending.append(part)
    return False


def _independent(
    items: Iterable[Any],
    reads: Callable[[], tuple[Any, ...]],
    writes: Callable[[], tuple[Any, ...]],
) -> bool:
    """Whether nothing that the calls read can be reached by what the loop writes."""
    try:
        written = {id(value) for value in writes()}
        pending = [items, *reads()]
    except NameError:
        return False
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind in _SCALARS or id(value) in seen:
            continue
        if kind not in _CONTAINERS or id(value) in written or len(seen) > MAX_OBJECTS:
            return False
        seen.add(id(value))
        if kind is dict:
            pending.extend(value.keys())
            pending.extend(value.values())
        else:
            pending.extend(value)
    return True
