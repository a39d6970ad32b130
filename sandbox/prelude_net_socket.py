"""The network as `http.client` and `urllib` know it.

They write a request into a socket and read the answer from it. Here they get one that understands what is written:
once a request is whole it is sent as one, and its answer is what can be read.
"""

import io
import socket
import ssl
from typing import Any, NoReturn

from .prelude_net import Headers, Request, fetch


class HttpSocket:
    """Stands in for a connected socket, as far as HTTP needs one."""

    family = socket.AF_INET

    def __init__(self, address: tuple[str, int], seconds: float | None) -> None:
        self._host, self._port = address
        self._seconds = seconds
        self._written = bytearray()
        self._readable = io.BytesIO()
        self.secure = False

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Takes a piece of a request, and sends the request once it is whole."""
        self._written += memoryview(data).cast("B")
        request = _whole_request(self._written)
        if request is not None:
            self._written.clear()
            self._readable = io.BytesIO(self._exchange(*request))

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data, flags)
        return len(memoryview(data).cast("B"))

    def _exchange(self, method: str, target: str, headers: Headers, body: bytes) -> bytes:
        """The answer as it would have come over the wire."""
        scheme = "https" if self.secure else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        url = f"{scheme}://{host}:{self._port}{target}"
        answer = fetch(Request(method, url, headers, body, self._seconds))
        # The body came whole, so what tells of its parts is not true any more.
        kept = [pair for pair in answer.headers if pair[0].lower() not in _FRAMING or method == "HEAD"]
        if method != "HEAD":
            kept.append(("Content-Length", str(len(answer.body))))
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {text}" for name, text in kept), "", ""]
        return "\r\n".join(lines).encode("latin-1", "replace") + answer.body

    def makefile(self, mode: str = "r", *_args: Any, **_kwargs: Any) -> io.BytesIO:
        """The answer, for reading."""
        return self._readable

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self._readable.read(size)

    def settimeout(self, seconds: float | None) -> None:
        self._seconds = seconds

    def gettimeout(self) -> float | None:
        return self._seconds

    def setsockopt(self, *_args: Any) -> None:
        """Does nothing: there is no real socket that could be set."""

    def shutdown(self, how: int) -> None:
        """Does nothing: each request has a connection of its own."""

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""

    def fileno(self) -> int:
        return -1


#: Headers about the parts in which a body travels.
_FRAMING = {"content-length", "transfer-encoding", "connection", "keep-alive"}


def _whole_request(data: bytearray) -> tuple[str, str, Headers, bytes] | None:
    """Method, target, headers and body of a request, once all of it has been written."""
    head, end, rest = bytes(data).partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, *_version = first.split(" ")
    headers = tuple((name, text.strip()) for name, _colon, text in (line.partition(":") for line in lines))
    fields = {name.lower(): text for name, text in headers}
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = _joined_chunks(rest)
    else:
        length = int(fields.get("content-length", "0"))
        body = rest[:length] if len(rest) >= length else None
    return None if body is None else (method, target, headers, body)


def _joined_chunks(data: bytes) -> bytes | None:
    """The body of a request that was written in chunks, once the last one is there."""
    body = bytearray()
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            return None
        size = int(line.split(b";")[0], 16)
        if size == 0:
            return bytes(body)
        if len(data) < size + 2:
            return None
        body += data[:size]
        data = data[size + 2 :]


def create_connection(
    address: tuple[str, int], timeout: Any = None, source_address: object = None, *, all_errors: bool = False
) -> HttpSocket:
    """Stands in for `socket.create_connection`; a host that is not granted is refused when something is sent."""
    seconds = timeout if isinstance(timeout, (int, float)) else socket.getdefaulttimeout()
    return HttpSocket(address, seconds)


_wrap_socket = ssl.SSLContext.wrap_socket


def wrap_socket(self: ssl.SSLContext, sock: Any, *args: Any, **kwargs: Any) -> Any:
    """Stands in for `SSLContext.wrap_socket`: the gateway encrypts, and checks the certificate."""
    if isinstance(sock, HttpSocket):
        sock.secure = True
        return sock
    return _wrap_socket(self, sock, *args, **kwargs)


def _no_socket(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Stands in for connecting a plain socket."""
    raise PermissionError("no sockets can be opened here: use urllib.request, and only for hosts that are granted")


def install() -> None:
    """Puts the stand-ins in place."""
    socket.create_connection = create_connection
    ssl.SSLContext.wrap_socket = wrap_socket
    for name in ("connect", "connect_ex", "bind", "listen", "sendto"):
        setattr(socket.socket, name, _no_socket)
