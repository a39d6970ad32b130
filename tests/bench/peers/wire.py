"""How a driver talks to the bench: one JSON request per line in, one JSON answer per line out."""

import json
import os
import sys
import time
import traceback


def milliseconds_of(work):
    """Milliseconds that a call takes, and what it gave."""
    started = time.perf_counter()
    result = work()
    return (time.perf_counter() - started) * 1000, result


def serve(rows):
    """Answers requests with the function of their row until stdin ends."""
    # What a peer prints must not end up between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            row = rows.get(request["row"])
            answer = {"error": "this row is not driven for this peer"} if row is None else row(request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


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
