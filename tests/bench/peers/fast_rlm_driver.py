"""Drives fast-rlm: it offers whole runs only, so the rows of a cell have no answer of its own."""

import os

import fast_rlm
from wire import milliseconds_of, serve, text_of


def run(request):
    """One whole run."""
    os.environ["RLM_MODEL_BASE_URL"] = request["baseUrl"]
    os.environ["RLM_MODEL_API_KEY"] = "none"
    config = fast_rlm.RLMConfig(primary_agent=f"root fast {request['script']}", sub_agent="sub")
    text = text_of(request["megabytes"])
    milliseconds, result = milliseconds_of(lambda: fast_rlm.run(text, config=config, verbosity=0))
    assert result["results"] == "done", result
    return {"run": milliseconds}


serve({"run": run})
