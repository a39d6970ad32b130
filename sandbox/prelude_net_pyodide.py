"""The network as `pyodide.http` knows it, without the JavaScript of a browser."""

import os
import shutil
import tempfile
from typing import Any

from pyodide import http
from pyodide.ffi import JsException
from pyodide.http import BodyUsedError, FetchResponse, _pyfetch, pyxhr

from .prelude_net import MAX_REDIRECTS, Answer, Headers, Request, fetch, fetch_later, redirected


class Response(FetchResponse):
    """Stands in for `FetchResponse`: the answer of a host, whose body has come already."""

    def __init__(self, answer: Answer, was_redirected: bool) -> None:
        self._answer = answer
        self._redirected = was_redirected
        self._used = False
        self._url = answer.url
        self.js_request = self.js_response = self.abort_controller = self.abort_signal = None

    @property
    def body_used(self) -> bool:
        return self._used

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): text for name, text in self._answer.headers}

    @property
    def ok(self) -> bool:
        return 200 <= self._answer.status < 300

    @property
    def redirected(self) -> bool:
        return self._redirected

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def status_text(self) -> str:
        return self._answer.reason

    @property
    def type(self) -> str:
        return "basic"

    @property
    def url(self) -> str:
        return self._answer.url

    def _raise_if_failed(self) -> None:
        if self._used:
            raise BodyUsedError

    def _take(self) -> bytes:
        """The body, once."""
        self._raise_if_failed()
        self._used = True
        return self._answer.body

    def clone(self) -> "Response":
        self._raise_if_failed()
        return Response(self._answer, self._redirected)

    async def buffer(self) -> Any:
        raise NotImplementedError("there are no JavaScript buffers here: use bytes() or memoryview()")

    async def text(self) -> str:
        return self._take().decode("utf-8", "replace")

    async def bytes(self) -> bytes:
        return self._take()

    async def memoryview(self) -> memoryview:
        return memoryview(self._take())

    async def _into_file(self, file: Any) -> None:
        body = self._take()
        file.write(body if "b" in file.mode else body.decode())

    async def unpack_archive(self, *, extract_dir: str | None = None, format: str | None = None) -> None:
        name = self._url.split("?")[0].rsplit("/", 1)[-1]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name or "archive")
            with open(path, "wb") as file:
                file.write(self._take())
            shutil.unpack_archive(path, extract_dir, format)


async def pyfetch(
    request: str,
    /,
    *,
    method: str = "GET",
    headers: Any = (),
    body: str | bytes | None = None,
    redirect: str = "follow",
    **_options: Any,
) -> Response:
    """Stands in for `pyodide.http.pyfetch`; options that only mean something in a browser are ignored."""
    asked = Request(method.upper(), str(request), _pairs(headers), _bytes(body))
    for count in range(MAX_REDIRECTS + 1):
        answer = await fetch_later(asked)
        following = redirected(asked, answer)
        if following is None or redirect == "manual":
            return Response(answer, count > 0)
        if redirect == "error":
            break
        asked = following
    raise OSError(f"too many redirects: {asked.url}")


def _pairs(headers: Any) -> Headers:
    items = headers.items() if hasattr(headers, "items") else headers
    return tuple((str(name), str(text)) for name, text in items)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


class XMLHttpRequest:
    """Stands in for the browser's class of that name, in its synchronous form, for `open_url` and `pyxhr`."""

    def __init__(self) -> None:
        self._asked = Request("GET", "")
        self.status = 0
        self.statusText = self.responseURL = self.response = self.responseText = ""
        self._headers: Headers = ()

    @classmethod
    def new(cls) -> "XMLHttpRequest":
        return cls()

    def open(self, method: str, url: str, _wait: bool = False) -> None:
        self._asked = Request(method.upper(), url)

    def setRequestHeader(self, name: str, text: str) -> None:
        asked = self._asked
        self._asked = Request(asked.method, asked.url, (*asked.headers, (name, text)))

    def send(self, body: Any = None) -> None:
        asked = Request(self._asked.method, self._asked.url, self._asked.headers, _bytes(body))
        for _count in range(MAX_REDIRECTS + 1):
            answer = fetch(asked)
            following = redirected(asked, answer)
            if following is None:
                return self._take(answer)
            asked = following
        raise OSError(f"too many redirects: {asked.url}")

    def _take(self, answer: Answer) -> None:
        self.status, self.statusText, self.responseURL = answer.status, answer.reason, answer.url
        self.response = self.responseText = answer.body.decode("utf-8", "replace")
        self._headers = answer.headers

    def getAllResponseHeaders(self) -> str:
        return "".join(f"{name.lower()}: {text}\r\n" for name, text in self._headers)


def install() -> None:
    """Puts the stand-ins in place."""
    http.pyfetch = _pyfetch.pyfetch = pyfetch
    http.XMLHttpRequest = pyxhr.XMLHttpRequest = XMLHttpRequest
    # The module took this along with what is not there.
    pyxhr.JsException = JsException
