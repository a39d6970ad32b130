"""How a driver talks to the bench: one JSON request per line in, one JSON answer per line out."""

import json
import os
import sys
import time
import traceback

# The error of a row that a peer offers nothing for; the same in `wire.ts`.
NOT_DRIVEN = "this row is not driven for this peer"

# What a peer prints must not end up between the answers.
_answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def milliseconds_of(work):
    """Milliseconds that a call takes, and what it gave."""
    started = time.perf_counter()
    result = work()
    return (time.perf_counter() - started) * 1000, result


def ready():
    """Says that the set-up is done and the limit counts from here."""
    _say({"ready": True})


def serve(rows):
    """Answers requests with the function of their row until stdin ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            row = rows.get(request["row"])
            answer = {"error": NOT_DRIVEN} if row is None else row(request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        _say(answer)


def _say(answer):
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()


def text_of(megabytes):
    """ASCII text of so many million characters."""
    line = "the quick brown fox jumps over the lazy dog, again and again\n"
    size = megabytes * 1_000_000
    return (line * (size // len(line) + 1))[:size]


def echo(text: str) -> str:
    """Gives its text back."""
    return text


def slow(n: int) -> str:
    """Takes 0.3 s."""
    time.sleep(0.3)
    return str(n)
