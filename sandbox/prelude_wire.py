"""Values on the wire: tagged JSON text, and back to Python."""

import datetime
import json
import sys
from binascii import a2b_base64
from collections.abc import Callable, Mapping, Sequence
from json.encoder import c_make_encoder, encode_basestring_ascii
from typing import Any

from . import prelude_blobs as blobs

#: What JSON text can carry.
type Wire = None | bool | int | float | str | Sequence[Wire] | Mapping[str, Wire]


class LLMError(str):
    """A failed sub-call as a value: false, reads as `[error] Type: message`."""

    # Cells know it as a builtin.
    __module__ = "builtins"

    type: str
    message: str

    def __new__(cls, type: str, message: str) -> LLMError:
        """Makes the text that stands for the failure."""
        self = super().__new__(cls, f"[error] {type}: {message}")
        self.type = type
        self.message = message
        return self

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        return LLMError, (self.type, self.message)


def convert_digits(convert: Callable[[Any], Any], value: object) -> Any:
    """Converts between an integer and its digits without Python's limit on their number."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return convert(value)
    finally:
        sys.set_int_max_str_digits(limit)


def _untag(value: dict[str, Any]) -> Any:
    """The Python value of one JSON object; those inside it are Python values already."""
    if "$" not in value:
        return value
    decode = _DECODERS.get(value["$"])
    if decode is None:
        raise ValueError(f"unknown kind of wire value: {value['$']!r}")
    return decode(value)


_DECODERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "float": lambda value: float(value["v"]),
    "int": lambda value: convert_digits(int, value["v"]),
    "str": lambda value: value["v"],
    "bytes": lambda value: a2b_base64(value["v"]),
    "tuple": lambda value: tuple(value["v"]),
    "set": lambda value: set(map(_hashable, value["v"])),
    "dict": lambda value: {_hashable(key): item for key, item in value["v"]},
    "datetime": lambda value: datetime.datetime.fromisoformat(value["v"]),
    "date": lambda value: datetime.date.fromisoformat(value["v"]),
    "time": lambda value: datetime.time.fromisoformat(value["v"]),
    "error": lambda value: LLMError(value["type"], value["message"]),
    "blob": lambda value: blobs.take(value["id"]),
    "json": lambda value: loads(blobs.take(value["id"])),
}


def _hashable(key: Any) -> Any:
    """A form of `key` that a dict or a set accepts: lists become tuples."""
    return tuple(map(_hashable, key)) if type(key) is list else key


# The accelerated coders are made once and called directly, so that a guest which replaces
# `json.dumps`, or the classes behind it, changes nothing here.
_to_json: Callable[[Wire, int], tuple[str, ...]] = c_make_encoder(
    None, None, encode_basestring_ascii, None, ":", ",", False, False, False
)
_from_json: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(object_hook=_untag).scan_once


def dumps(wire: Wire) -> str:
    """ASCII JSON text of wire values."""
    return "".join(_to_json(wire, 0))


def loads(text: str) -> Any:
    """Python values of JSON text that holds wire values."""
    return _from_json(text, 0)[0]
