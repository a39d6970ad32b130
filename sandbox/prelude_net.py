"""Requests to the hosts that are granted, by way of the one function of the gateway's that checks them."""

import builtins
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import js
from pyodide.ffi import run_sync

from .prelude_control import Execution, acting
from .prelude_host import need_suspension
from .prelude_wire import dumps, loads

#: Redirects that one request follows.
MAX_REDIRECTS = 20

_fetch = js.rlm.fetch

#: Headers by name, in their order; a name may come twice.
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """What a host is asked."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    #: How long the answer may take; None leaves it to the gateway.
    seconds: float | None = None


class Answer:
    """What a host answered."""

    def __init__(self, url: str, reply: dict[str, Any]) -> None:
        self.url = url
        self.status: int = reply["status"]
        self.reason: str = reply["reason"]
        self.headers: Headers = tuple((name, text) for name, text in reply["headers"])
        self.body: bytes = reply["body"]

    def header(self, name: str) -> str | None:
        """The first header of that name, which is given in lower case."""
        return next((text for key, text in self.headers if key.lower() == name), None)


def fetch(request: Request) -> Answer:
    """Sends one request and waits for its answer; other stacks run meanwhile. Follows no redirect."""
    execution = _begin()
    need_suspension()
    execution.open_calls += 1
    try:
        reply = run_sync(_fetch(_text(request), *_content(request)))
    finally:
        execution.open_calls -= 1
    execution.check()
    return _answer(request.url, str(reply))


async def fetch_later(request: Request) -> Answer:
    """Sends one request whose answer is awaited. Follows no redirect."""
    execution = _begin()
    reply = await _fetch(_text(request), *_content(request))
    execution.check()
    return _answer(request.url, str(reply))


def redirected(request: Request, answer: Answer) -> Request | None:
    """The request that a redirect asks for; None where the answer is none."""
    target = answer.header("location")
    if answer.status not in (301, 302, 303, 307, 308) or target is None:
        return None
    url = urljoin(request.url, target)
    following = replace(request, url=url)
    if answer.status == 303 or (answer.status in (301, 302) and request.method == "POST"):
        following = replace(following, method="GET", body=b"", headers=_without(following.headers, _OF_BODY))
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        following = replace(following, headers=_without(following.headers, _SECRET))
    return following


_OF_BODY = frozenset({"content-type", "content-encoding", "content-language"})
#: Headers that were meant for the first host alone.
_SECRET = frozenset({"authorization", "cookie"})


def _without(headers: Headers, names: Iterable[str]) -> Headers:
    return tuple((name, text) for name, text in headers if name.lower() not in names)


def _begin() -> Execution:
    """The execution for which the request is sent; code whose cell has ended sends none."""
    execution = acting()
    if execution is None:
        raise ConnectionError("the cell that started this code has ended")
    execution.output.flush()
    execution.check()
    return execution


def _text(request: Request) -> str:
    headers = [[str(name), str(text)] for name, text in request.headers]
    timeout = None if request.seconds is None else max(1, round(request.seconds * 1000))
    return dumps({"method": request.method, "url": request.url, "headers": headers, "timeoutMs": timeout})


def _content(request: Request) -> tuple[bytes, ...]:
    return (request.body,) if request.body else ()


def _answer(url: str, text: str) -> Answer:
    reply = loads(text)
    if "error" in reply:
        _raise(reply["error"])
    return Answer(url, reply)


#: What the gateway may have Python raise.
_ERRORS: dict[str, type[Exception]] = {
    name: getattr(builtins, name)
    for name in (
        "OSError", "PermissionError", "TimeoutError", "ConnectionError", "ConnectionAbortedError",
        "ConnectionRefusedError", "ValueError",
    )
}  # fmt: skip


def _raise(error: dict[str, Any]) -> NoReturn:
    kind = _ERRORS.get(str(error.get("type")), OSError)
    raise kind(str(error.get("message", "the request failed")))
