"""Exceptions as text for the model: cell and line, the source, no frames of the runner."""

import linecache
import re
import textwrap
import traceback
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from .prelude_control import Control
from .prelude_hints import source_line, syntax_hint

#: Characters of a traceback, and of an exception's message.
MAX_TRACEBACK = 8_000
MAX_MESSAGE = 2_000
#: Frames of one traceback: the first and the last of them are shown.
FIRST_FRAMES, LAST_FRAMES = 10, 30
#: Exceptions of one chain of causes that are shown.
MAX_CHAIN = 8
#: Members of an exception group that are shown, and groups within groups.
MAX_MEMBERS, MAX_GROUPS = 8, 3
#: Characters of cells' sources that are kept for tracebacks, and cells that they may be of.
MAX_SOURCES, MAX_CELLS = 2_000_000, 1_000

_HIDDEN_MODULES = (
    "_pyodide/",
    "pyodide/",
    "asyncio/",
    "concurrent/",
    "threading.py",
    "contextlib.py",
)
#: Code whose frames say nothing about the guest's code.
_HIDDEN_FILES = ("<_rlm", *(f"/lib/python314.zip/{name}" for name in _HIDDEN_MODULES))

_sources: OrderedDict[str, str] = OrderedDict()
_kept_chars = 0


def cell_filename(cell: int) -> str:
    """The file name under which the code of a cell runs."""
    return f"Cell {cell}"


def remember_source(filename: str, source: str) -> None:
    """Keeps the text of a cell, so that tracebacks of later cells can quote it."""
    global _kept_chars
    _kept_chars += len(source) - len(_sources.pop(filename, ""))
    _sources[filename] = source
    while len(_sources) > 1 and (_kept_chars > MAX_SOURCES or len(_sources) > MAX_CELLS):
        dropped, text = _sources.popitem(last=False)
        _kept_chars -= len(text)
        linecache.cache.pop(dropped, None)
    _offer(filename, source)


def sources() -> list[tuple[str, str]]:
    """File names and texts of the cells that are kept, oldest first."""
    return list(_sources.items())


def _offer(filename: str, source: str) -> None:
    """Registers the text of a cell with `linecache`."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def _offer_all() -> None:
    """Registers all cells that a guest which cleared `linecache` has taken out of it."""
    for filename, source in _sources.items():
        if filename not in linecache.cache:
            _offer(filename, source)


def forget_sources() -> None:
    """Drops the text of all cells."""
    global _kept_chars
    for filename in _sources:
        linecache.cache.pop(filename, None)
    _sources.clear()
    _kept_chars = 0


@dataclass
class ErrorText:
    """An exception as the host gets it."""

    type: str
    message: str
    traceback: str


def describe(error: BaseException, hint: str | None = None) -> ErrorText:
    """The text of `error`, whatever its `str`, its causes and its notes do."""
    _offer_all()
    name = _type_name(error)
    message = cut(safe_str(error), MAX_MESSAGE)
    if isinstance(error, SyntaxError) and type(error.lineno) is int:
        where = f"line {error.lineno}" + (
            f", column {error.offset}" if type(error.offset) is int else ""
        )
        message = f"{error.msg} ({where})"
    try:
        text = _tidy("".join(_chain(error)))
    except BaseException as problem:
        text = f"{name}: {message}\n(its traceback cannot be shown: {_type_name(problem)})\n"
    if hint is not None:
        message = f"{message}\nHint: {hint}"
        text = f"{text}Hint: {hint}\n"
    return ErrorText(name, message, text)


def describe_syntax(error: SyntaxError, source: str) -> ErrorText:
    """The text of the error for which a cell could not be compiled."""
    if error.text is None and error.lineno is not None:
        error.text = source_line(source, error.lineno)
    return describe(error.with_traceback(None), syntax_hint(error, source))


def safe_str(value: object) -> str:
    """`str(value)`, or what went wrong instead."""
    try:
        return str.__str__(str(value))
    except BaseException as problem:
        return f"<str() raised {_type_name(problem)}>"


def cut(text: str, limit: int) -> str:
    """`text`, or its head and tail with a count of what lies between."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    return f"{text[: limit - tail]}\n… {len(text) - limit:,} characters left out …\n{text[-tail:]}"


def _type_name(error: BaseException) -> str:
    """Name of the class of `error`, which a metaclass of the guest may guard."""
    try:
        return str.__str__(type(error).__name__)
    except BaseException:
        return "BaseException"


def _chain(error: BaseException, depth: int = 0) -> Iterator[str]:
    """Paragraphs for `error` and its causes, the first cause first, none of them twice."""
    links: list[tuple[BaseException, str]] = [(error, "")]
    seen = {id(error)}
    while True:
        last = links[-1][0]
        if last.__cause__ is not None:
            cause, relation = (
                last.__cause__,
                "The exception above was the direct cause of the following exception:",
            )
        elif last.__context__ is not None and not last.__suppress_context__:
            cause, relation = (
                last.__context__,
                "While the exception above was handled, another one occurred:",
            )
        else:
            break
        if id(cause) in seen or isinstance(cause, Control):
            break
        if len(links) == MAX_CHAIN:
            yield "… earlier exceptions left out …\n\n"
            break
        seen.add(id(cause))
        links[-1] = (last, relation)
        links.append((cause, ""))
    for link, relation in reversed(links):
        if relation:
            yield f"\n{relation}\n\n"
        yield from _single(link, depth)


def _single(error: BaseException, depth: int) -> Iterator[str]:
    """Lines for one exception; the members of a group are indented below it."""
    summary = _summary(error)
    if summary.stack:
        yield "Traceback (most recent call last):\n"
        yield from summary.stack.format()
    yield cut("".join(summary.format_exception_only()), MAX_MESSAGE)
    if not isinstance(error, BaseExceptionGroup):
        return
    members = BaseExceptionGroup.exceptions.__get__(error)
    for number, member in enumerate(members[:MAX_MEMBERS], 1):
        yield f"  [{number} of {len(members)}]\n"
        if depth < MAX_GROUPS:
            yield textwrap.indent("".join(_chain(member, depth + 1)), "  ")
        else:
            yield f"  {_type_name(member)}: {cut(safe_str(member), 200)}\n"
    if len(members) > MAX_MEMBERS:
        yield f"  … {len(members) - MAX_MEMBERS} more\n"


def _summary(error: BaseException) -> traceback.TracebackException:
    """What the standard library tells of `error` alone, with the frames that a reader wants."""
    # A set of seen exceptions, even an empty one, keeps it from following causes without a bound.
    summary = traceback.TracebackException(
        type(error), error, error.__traceback__, lookup_lines=False, _seen=set()
    )
    summary.__cause__ = summary.__context__ = summary.exceptions = None
    frames = [frame for frame in summary.stack if not frame.filename.startswith(_HIDDEN_FILES)]
    if len(frames) > FIRST_FRAMES + LAST_FRAMES:
        left_out = len(frames) - FIRST_FRAMES - LAST_FRAMES
        gap = traceback.FrameSummary(
            f"… {left_out} frames left out …", 0, "", lookup_line=False, line=""
        )
        frames = [*frames[:FIRST_FRAMES], gap, *frames[-LAST_FRAMES:]]
    summary.stack[:] = frames
    return summary


#: How the standard library names a place in a cell, and how it names its own files and the gap above.
_CELL_PLACE = re.compile(r'File "(Cell \d+)", line (\d+)(, in <module>)?')
_GAP_PLACE = re.compile(r'File "(… \d+ frames left out …)", line 0, in ')
_LIBRARY_PLACE = re.compile(r'File "/lib/python[^"/]*/')


def _tidy(text: str) -> str:
    """A traceback in the words of cells, within the limit."""
    text = _CELL_PLACE.sub(r"\1, line \2", text)
    text = _GAP_PLACE.sub(r"\1", text)
    return cut(_LIBRARY_PLACE.sub('File "', text), MAX_TRACEBACK)
