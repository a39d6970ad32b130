"""Values too large for JSON text: memory that the host fills, and bytes that it copies out."""

import js

#: Offset of the first character of an ASCII string, and of the first byte of `bytes`, in the object.
_STR_HEADER = "".__sizeof__() - 1
_BYTES_HEADER = b"".__sizeof__() - 1

_send_blob = js.rlm.send_blob
_incoming: dict[int, tuple[str, str | bytes | None]] = {}


def open_blob(blob: int, kind: str, length: int) -> int:
    """Makes room for a value of `length` bytes; returns the address at which to write them.

    `kind` is `"ascii"` (text, no byte above 127), `"utf8"` (text) or `"bytes"`. The memory is
    that of the value itself, so nothing is copied for `ascii` and `bytes`. The address is 0 where the
    value does not fit; who takes it gets a `MemoryError`.
    """
    if length < 2:
        # Python shares its shortest strings, so they may not be written to.
        raise ValueError(f"cannot make a blob of {length} bytes; send it inside the JSON")
    try:
        value: str | bytes = "\0" * length if kind == "ascii" else bytes(length)
    except MemoryError:
        _incoming[blob] = (kind, None)
        return 0
    _incoming[blob] = (kind, value)
    return id(value) + (_STR_HEADER if kind == "ascii" else _BYTES_HEADER)


def take(blob: int) -> str | bytes:
    """The value that was opened as `blob`, now that the host has filled it."""
    kind, value = _incoming.pop(blob)
    if value is None:
        raise MemoryError("a value does not fit into the guest's memory")
    return str(value, "utf-8", "surrogatepass") if kind == "utf8" else value


def send(value: str | bytes) -> int:
    """Gives the host a copy of `value`; returns the number by which the wire names it."""
    data = value.encode("utf-8", "surrogatepass") if type(value) is str else value
    return int(_send_blob(data))
