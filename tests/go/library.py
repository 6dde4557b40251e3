"""Loads a Go program as a library, calls it as told on standard input, and prints what comes of each call."""

import ctypes
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

library = ctypes.CDLL(sys.argv[1])
library.LakonFree.argtypes = [ctypes.c_void_p]


def take(out: ctypes.c_void_p, size: ctypes.c_size_t) -> str:
    """What the library gave, which is then freed."""
    taken = ctypes.string_at(out, size.value)
    library.LakonFree(out)
    return taken.decode()


def start(environment: bytes) -> tuple[int, str]:
    """LakonStart."""
    out, size = ctypes.c_void_p(), ctypes.c_size_t()
    length = ctypes.c_size_t(len(environment))
    status = library.LakonStart(environment, length, ctypes.byref(out), ctypes.byref(size))
    return status, take(out, size) if status else ""


def invoke(name: str, header: str, payload: str) -> tuple[int, str]:
    """LakonInvoke."""
    parts = [each for text in (name, header, payload) for each in (text.encode(), ctypes.c_size_t(len(text.encode())))]
    out, size = ctypes.c_void_p(), ctypes.c_size_t()
    return library.LakonInvoke(*parts, ctypes.byref(out), ctypes.byref(size)), take(out, size)


if "--handle" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
told = json.load(sys.stdin)
answers = [start(told["environment"].encode())]
if answers[0][0] == 0:
    answers += [invoke(*call) for call in told["calls"]]
    with ThreadPoolExecutor(8) as threads:
        beside = set(threads.map(lambda _: invoke(*told["calls"][0]), range(200)))
    answers += sorted(beside)
print(json.dumps(answers), flush=True)
while "--wait" in sys.argv:
    time.sleep(1)
