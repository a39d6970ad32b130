"""Drives fast-rlm: it offers whole runs only, so the rows of a cell have no answer of its own.

Its engine takes a reader of YAML from JSR, and its guests take wheels from a CDN. An import map puts a reader from npm in
place of the first, and the installer puts the same versions from PyPI where the others are looked for before the CDN.
"""
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / ".peers"
# The cache of its own that the installer has filled.
os.environ["DENO_DIR"] = str(FOLDER / "fast_rlm_deno")

import fast_rlm
from fast_rlm import _runner
from wire import milliseconds_of, serve, text_of

MAPPED = ["--no-lock", f"--import-map={HERE / 'fast_rlm_imports.json'}"]


class Subprocess:
    """What its runner starts the engine with, and the map in the command."""

    def __getattr__(self, name):
        return getattr(_subprocess, name)

    @staticmethod
    def run(command, **options):
        at = command.index("run") + 1
        return _subprocess.run([*command[:at], *MAPPED, *command[at:]], **options)


_subprocess = _runner.subprocess
_runner.subprocess = Subprocess()


def ask(request, **options):
    """One whole run; no cap of its own may end it."""
    os.environ["RLM_MODEL_BASE_URL"] = request["baseUrl"]
    os.environ["RLM_MODEL_API_KEY"] = "none"
    config = fast_rlm.RLMConfig(
        primary_agent=f"root fast {request['script']}",
        sub_agent="sub fast",
        max_completion_tokens=10_000_000,
        # One question decides otherwise whether a batch may be asked at all.
        enable_compression_guard=False,
    )
    text = text_of(request["megabytes"]) or "nothing"
    result = fast_rlm.run(text, config=config, verbosity=0, log_dir=os.environ["TMPDIR"], **options)
    assert result["results"] == "done", result


def run(request):
    """One whole run."""
    return {"run": milliseconds_of(lambda: ask(request))[0]}


def resume(request):
    """A run that keeps its variables in a session's folder, and goes on from there."""
    ask(request, session_dir=request["folder"])
    return {}


def runs(request):
    """Runs at once, each in a thread."""
    count = request["count"]

    def all_of_them():
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(lambda _: ask(request), range(count)))

    return {"runs": milliseconds_of(all_of_them)[0]}


serve({"run": run, "runs": runs, "resume": resume})
