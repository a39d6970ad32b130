"""Python objects as wire values, whatever the objects do."""

import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import uuid
from binascii import b2a_base64
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from . import prelude_blobs as blobs
from .prelude_control import Control
from .prelude_wire import LLMError, Wire, convert_digits

#: Levels of JSON nesting that one value may have.
MAX_DEPTH = 100
#: Strings and bytes above this many bytes travel outside the JSON text.
INLINE_BYTES = 1024 * 1024
#: Integers beyond this are not exact in JavaScript's numbers.
MAX_SAFE_INTEGER = 2**53 - 1
#: Characters of a path in an error.
MAX_PATH = 120
#: Longest integer that is sent, in bits: about a million digits.
MAX_INTEGER_BITS = 3_400_000


class Unsendable(Exception):
    """A part of a value that has no form on the wire; `path` grows while the error unwinds."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""


def encode(value: object, label: str) -> Wire:
    """The wire form of `value`; `label` names it in the `TypeError` for what cannot be sent."""
    encoder = _Encoder()
    try:
        wire = encoder.encode(value, 0)
    except Unsendable as problem:
        raise TypeError(f"{label}{_shortened(problem.path)}: {problem.reason}") from None
    encoder.send_blobs()
    return wire


def _type_name(value: object) -> str:
    """Name of the type of `value`, for a message."""
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


class _Encoder:
    """Encodes one value; large strings and bytes wait until the whole value is known to be good."""

    def __init__(self) -> None:
        self._blobs: list[tuple[dict[str, Wire], str | bytes]] = []
        self._ancestors: set[int] = set()

    def send_blobs(self) -> None:
        """Hands the large parts to the host and writes their numbers into the wire value."""
        for place, data in self._blobs:
            place["id"] = blobs.send(data)

    def encode(self, value: Any, depth: int) -> Wire:
        """The wire form of `value`, which stands `depth` levels inside the JSON text."""
        scalar = _SCALARS.get(type(value))
        if scalar is not None:
            return scalar(self, value)
        if depth >= MAX_DEPTH:
            raise Unsendable(f"nested more than {MAX_DEPTH} deep; send it flatter, or as text")
        if id(value) in self._ancestors:
            raise Unsendable("contains itself; send a copy without the cycle")
        self._ancestors.add(id(value))
        try:
            return self._compound(value, depth)
        except Unsendable, Control, RecursionError, MemoryError:
            raise
        except Exception as error:
            raise Unsendable(
                f"its {_type_name(value)} raised {type(error).__name__} while it was read"
            ) from None
        finally:
            self._ancestors.discard(id(value))

    def _compound(self, value: Any, depth: int) -> Wire:
        """Encodes a container, or an object that has a plain form."""
        # `issubclass` on the real type, never `isinstance`: that one asks the object's own `__class__`.
        kind = type(value)
        if issubclass(kind, enum.Enum):
            return self.encode(value.value, depth + 1)
        if issubclass(kind, LLMError):
            return {"$": "error", "type": f"{value.type}", "message": f"{value.message}"}
        for base, tag in _DATES:
            if issubclass(kind, base):
                return {"$": tag, "v": base.isoformat(value)}
        for base, exact in _EXACT:
            if issubclass(kind, base):
                return self.encode(exact(value), depth)
        if issubclass(kind, dict):
            return self._dict(value, depth)
        if issubclass(kind, tuple):
            fields = getattr(kind, "_fields", None)
            if type(fields) is tuple and len(fields) == tuple.__len__(value):
                return self._dict(dict(zip(fields, tuple.__iter__(value))), depth)
            return {"$": "tuple", "v": self._list(list(tuple.__iter__(value)), depth + 2)}
        if issubclass(kind, list):
            return self._list(list(list.__iter__(value)), depth + 1)
        if issubclass(kind, (deque, range)):
            return self._list(list(value), depth + 1)
        if issubclass(kind, (set, frozenset)):
            return {"$": "set", "v": self._list(_ordered(value), depth + 2)}
        if dataclasses.is_dataclass(kind):
            return self._dict(
                {f.name: getattr(value, f.name) for f in dataclasses.fields(kind)}, depth
            )
        if kind.__module__ == "numpy":
            return self.encode(value.tolist(), depth + 1)
        raise Unsendable(
            f"cannot send {_type_name(value)}; use str, int, float, bool, list or dict"
        )

    def _list(self, items: list[Any], depth: int) -> list[Wire]:
        """Encodes items; lists of one plain type go through at the speed of C."""
        kinds = set(map(type, items))
        if kinds <= {bool, type(None)}:
            return items
        if kinds == {int} and -MAX_SAFE_INTEGER <= min(items) and max(items) <= MAX_SAFE_INTEGER:
            return items
        if kinds == {str} and max(map(len, items)) * 4 <= INLINE_BYTES:
            return items
        if (
            kinds == {float}
            and all(map(math.isfinite, items))
            and not any(map(float.is_integer, items))
        ):
            return items
        wire: list[Wire] = []
        for index, item in enumerate(items):
            try:
                wire.append(self.encode(item, depth))
            except Unsendable as problem:
                problem.path = f"[{index}]{problem.path}"
                raise
        return wire

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[str, Wire]:
        """Encodes a mapping; one with keys that JSON cannot have becomes a list of pairs."""
        items = list(dict.items(value))
        plain = all(type(key) is str for key, _ in items) and not any(
            key == "$" for key, _ in items
        )
        wire: dict[str, Wire] = {}
        pairs: list[Wire] = []
        for key, item in items:
            try:
                if plain:
                    wire[key] = self.encode(item, depth + 1)
                else:
                    pairs.append([self.encode(key, depth + 3), self.encode(item, depth + 3)])
            except Unsendable as problem:
                problem.path = _key_path(key) + problem.path
                raise
        return wire if plain else {"$": "dict", "v": pairs}

    def _str(self, value: str) -> Wire:
        """Encodes text: inside the JSON when it is small, else beside it."""
        if len(value) * 4 <= INLINE_BYTES or _utf8_length(value) <= INLINE_BYTES:
            return value
        return self._blob("str", value)

    def _bytes(self, value: bytes) -> Wire:
        """Encodes bytes: inside the JSON when they are few, else beside it."""
        if len(value) <= INLINE_BYTES:
            return {"$": "bytes", "v": b2a_base64(value, newline=False).decode("ascii")}
        return self._blob("bytes", value)

    def _blob(self, kind: str, value: str | bytes) -> Wire:
        """Keeps the place of a large value, which is sent when all else is good."""
        place: dict[str, Wire] = {"$": "blob", "kind": kind, "length": len(value)}
        self._blobs.append((place, value))
        return place

    def _int(self, value: int) -> Wire:
        """Encodes an integer exactly."""
        if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return value
        if value.bit_length() > MAX_INTEGER_BITS:
            raise Unsendable("cannot send an int of more than a million digits")
        return {"$": "int", "v": convert_digits(str, value)}

    def _float(self, value: float) -> Wire:
        """Encodes a float so that it stays one where JSON would make it an integer or refuse it."""
        if math.isfinite(value) and not value.is_integer():
            return value
        return {"$": "float", "v": repr(value)}


def _utf8_length(value: str) -> int:
    """Bytes that `value` has in UTF-8."""
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _key_path(key: object) -> str:
    """How a key is written in the path of an error."""
    if type(key) is str and len(key) <= 60:
        return f".{key}" if key.isidentifier() else f"[{key!r}]"
    return f"[{key}]" if type(key) is int and abs(key) < 10**12 else f"[<{_type_name(key)}>]"


def _shortened(path: str) -> str:
    """A path with its middle left out when it is long."""
    return path if len(path) <= MAX_PATH else f"{path[: MAX_PATH // 2]}…{path[-MAX_PATH // 2 :]}"


def _ordered(value: Iterable[Any]) -> list[Any]:
    """Items of a set in an order that does not change from run to run, where they have one."""
    items = list(value)
    try:
        return sorted(items)
    except Exception:
        return items


_SCALARS: dict[type, Callable[[_Encoder, Any], Wire]] = {
    type(None): lambda _encoder, value: value,
    bool: lambda _encoder, value: value,
    str: _Encoder._str,
    int: _Encoder._int,
    float: _Encoder._float,
    bytes: _Encoder._bytes,
    bytearray: lambda encoder, value: encoder._bytes(bytes(value)),
}

#: Types with a simpler form, and the call that makes it without running a subclass's own code.
_EXACT: tuple[tuple[type | tuple[type, ...], Callable[[Any], object]], ...] = (
    (str, str.__str__),
    (int, lambda value: int.__add__(value, 0)),
    (float, float.__pos__),
    ((bytes, bytearray, memoryview), lambda value: bytes(memoryview(value))),
    ((decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath), str),
)

#: Dates and times; the first that fits counts, as a `datetime` is a `date` too.
_DATES: tuple[tuple[type[Any], str], ...] = (
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
)
