"""What the guest prints: on its way to the host in batches, counted, and cut at the cap."""

import io
import time
from typing import Any

import js

from .prelude_control import acting

#: Characters gathered before they are sent.
BATCH_CHARS = 8192
#: Seconds after which the next end of a line sends what was gathered.
BATCH_SECONDS = 0.05
#: Characters of one message; larger texts go as several.
MESSAGE_CHARS = 256 * 1024

_now = time.monotonic
_send = js.rlm.output


class Output:
    """Text printed by one execution. Keeps at most one batch, whatever is printed."""

    def __init__(self, max_chars: int) -> None:
        self.totals = {"stdout": 0, "stderr": 0}
        self._left = {"stdout": max_chars, "stderr": max_chars}
        self._stream = "stdout"
        self._batch: list[str] = []
        self._chars = 0
        self._sent_at = _now()

    def write(self, stream: str, text: str) -> None:
        """Takes printed text; what is beyond the cap is only counted."""
        self.totals[stream] += len(text)
        left = self._left[stream]
        if left <= 0:
            return
        if len(text) > left:
            text = text[:left]
        self._left[stream] = left - len(text)
        if stream != self._stream:
            self.flush()
            self._stream = stream
        self._batch.append(text)
        self._chars += len(text)
        overdue = text.endswith("\n") and _now() - self._sent_at >= BATCH_SECONDS
        if overdue or self._chars >= BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        """Sends what was gathered."""
        if not self._batch:
            self._sent_at = _now()
            return
        text = "".join(self._batch)
        self._batch.clear()
        self._chars = 0
        for start in range(0, len(text), MESSAGE_CHARS):
            _send(self._stream, text[start : start + MESSAGE_CHARS])
        self._sent_at = _now()


def _printable(text: str) -> str:
    """`text` without lone surrogates, which no UTF-8 can carry: they become `\\udc80` and the like."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


class _Bytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes that are printed, read as UTF-8."""

    def __init__(self, stream: GuestStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        taken = bytes(data)
        self._stream.write(taken.decode("utf-8", "backslashreplace"))
        return len(taken)


class GuestStream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: prints for the execution that the calling code belongs to.

    Text of code that a closed execution left running is dropped.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: str) -> None:
        self._name = stream
        self._buffer = _Bytes(self)

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    @property
    def buffer(self) -> _Bytes:
        return self._buffer

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        execution = acting()
        if execution is not None:
            execution.output.write(self._name, _printable(str.__str__(text)))
        return len(text)

    def flush(self) -> None:
        execution = acting()
        if execution is not None:
            execution.output.flush()

    def close(self) -> None:
        """Does nothing: a cell that closes its output would silence the next one."""


class GuestInput(io.TextIOBase):
    """`sys.stdin`: at its end from the start."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        return ""

    def readline(self, size: int | None = -1) -> str:
        return ""


stdout = GuestStream("stdout")
stderr = GuestStream("stderr")
stdin = GuestInput()
