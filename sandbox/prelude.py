import sys, types
_src = r'''
import ast, asyncio, json, random, os, sys, traceback, time
from pyodide.ffi import run_sync
import js
_bridge = js.rlm
_ns = {"__name__": "__main__"}
_blobs = {}
def version(): return sys.version.split()[0]
def reseed(seed, env):
    random.seed(bytes.fromhex(seed)); os.environ.clear(); os.environ.update(json.loads(env))
def open_blob(id, kind, length):
    import ctypes
    if kind == "ascii":
        f = ctypes.pythonapi.PyUnicode_New; f.restype = ctypes.py_object; f.argtypes=[ctypes.c_ssize_t, ctypes.c_uint32]
        o = f(length, 127); _blobs[id] = o; return id_(o) + sys.getsizeof(o) - length - 1
    o = bytearray(length); _blobs[id] = (kind, o)
    return ctypes.addressof((ctypes.c_char * length).from_buffer(o))
id_ = id
def _dec(v):
    if isinstance(v, list): return [_dec(x) for x in v]
    if isinstance(v, dict):
        if v.get("$") == "blob":
            o = _blobs.pop(v["id"])
            if isinstance(o, tuple): return str(o[1], "utf-8") if o[0] == "utf8" else bytes(o[1])
            return o
        return {k: _dec(x) for k, x in v.items()}
    return v
def bind(text):
    p = json.loads(text)
    for k, v in p["values"].items(): _ns[k] = _dec(v)
    return json.dumps({"names": list(p["values"])})
class _Sub(BaseException): pass
def execute(text):
    p = json.loads(text); out = {"status":"ok","value":None,"error":None,"submission":None,"stdoutChars":0,"stderrChars":0,"notes":[]}
    class W:
        def __init__(s, n): s.n = n
        def write(s, t):
            out[s.n+"Chars"] += len(t); _bridge.output(s.n, t); return len(t)
        def flush(s): pass
    def mk(t):
        names = list(t["parameters"].get("properties", {}))
        def f(*a, **k):
            args = dict(zip(names, a)); args.update(k)
            r = json.loads(run_sync(_bridge.call(json.dumps({"executionId": p["executionId"], "name": t["name"], "arguments": args}))))
            if "error" in r: raise RuntimeError(r["error"]["type"] + ": " + r["error"]["message"])
            return _dec(r["value"])
        return f
    for t in p["tools"]: _ns[t["name"]] = mk(t)
    sub = {}
    def SUBMIT(*a, **k):
        sub.update(dict(zip([f["name"] for f in p["submit"]], a))); sub.update(k); raise _Sub()
    _ns["SUBMIT"] = SUBMIT
    so, se = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = W("stdout"), W("stderr")
    try:
        tree = ast.parse(p["code"], "<cell>")
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr): last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, "<cell>", "exec"), _ns)
        if last is not None:
            v = eval(compile(last, "<cell>", "eval"), _ns)
            if v is not None: out["value"] = repr(v)
    except _Sub: out["status"] = "submitted"; out["submission"] = sub
    except KeyboardInterrupt: out["status"] = "timeout"; out["error"] = {"type":"CellTimeout","message":"","traceback":""}
    except BaseException as e:
        out["status"] = "error"; out["error"] = {"type": type(e).__name__, "message": str(e), "traceback": traceback.format_exc()}
    finally: sys.stdout, sys.stderr = so, se
    return json.dumps(out)
'''
_m = types.ModuleType("_rlm"); sys.modules["_rlm"] = _m; exec(compile(_src, "_rlm", "exec"), _m.__dict__)
