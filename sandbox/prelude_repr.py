"""The last expression's value as text: Python's own `repr`, with a bound on length and depth."""

from typing import Any

from .prelude_control import Control
from .prelude_wire import convert_digits

#: Containers within containers that are written out; C code writes deeper ones until its stack is full.
MAX_DEPTH = 100
#: Longest integer that is written out, in bits.
MAX_INTEGER_BITS = 3_400_000


class _Full(Exception):
    """The limit is reached."""


def bounded_repr(value: object, limit: int) -> str:
    """`repr(value)`, cut at `limit` characters; says so of what raises instead."""
    writer = _Writer(limit)
    try:
        writer.write(value, 0)
    except _Full:
        return f"{''.join(writer.parts)}… (cut at {limit:,} characters)"
    return "".join(writer.parts)


class _Writer:
    """Writes builtin containers item by item, so that a huge one costs no more than the limit."""

    def __init__(self, limit: int) -> None:
        self.parts: list[str] = []
        self._left = limit
        self._ancestors: set[int] = set()

    def write(self, value: object, depth: int) -> None:
        """Writes `value`, which stands inside `depth` containers."""
        brackets = _BRACKETS.get(type(value))
        if brackets is None:
            self._put(self._leaf(value))
        elif not value and type(value) in (set, frozenset):
            self._put(repr(value))
        elif depth >= MAX_DEPTH or id(value) in self._ancestors:
            self._put(f"{brackets[0]}...{brackets[1]}")
        else:
            self._ancestors.add(id(value))
            self._container(value, brackets, depth + 1)
            self._ancestors.discard(id(value))

    def _container(self, value: Any, brackets: tuple[str, str], depth: int) -> None:
        """Writes the items between their brackets."""
        self._put(brackets[0])
        for index, item in enumerate(value):
            if index:
                self._put(", ")
            self.write(item, depth)
            if type(value) is dict:
                self._put(": ")
                self.write(value[item], depth)
        if type(value) is tuple and len(value) == 1:
            self._put(",")
        self._put(brackets[1])

    def _leaf(self, value: Any) -> str:
        """`repr` of what is no builtin container."""
        kind = type(value)
        if kind in (str, bytes, bytearray) and len(value) > self._left:
            return repr(value[: self._left + 1])
        if kind is int and value.bit_length() <= MAX_INTEGER_BITS:
            return str(convert_digits(repr, value))
        try:
            return str.__str__(repr(value))
        except Control:
            raise
        except BaseException as error:
            return f"<{kind.__name__} object: repr raised {type(error).__name__}>"

    def _put(self, text: str) -> None:
        if len(text) > self._left:
            self.parts.append(text[: self._left])
            raise _Full
        self.parts.append(text)
        self._left -= len(text)


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
