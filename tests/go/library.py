"""Loads a Go program as a library, calls it as told on standard input, and prints what comes of each call."""

import ctypes
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ROOM = 64


class Call(ctypes.Structure):
    """`struct lakon_call` of the glue."""

    _fields_ = (
        ("told", ctypes.c_char_p),
        ("told_size", ctypes.c_size_t),
        ("payload_size", ctypes.c_size_t),
        ("room", ctypes.c_void_p),
        ("room_size", ctypes.c_size_t),
        ("answer", ctypes.c_void_p),
        ("answer_size", ctypes.c_size_t),
    )


library = ctypes.CDLL(sys.argv[1])
library.LakonFree.argtypes = [ctypes.c_void_p]


def call(function: str, told: bytes, payload: bytes = b"") -> tuple[int, str]:
    """What a function of the library gives: small answers into the room, others to be freed."""
    room = ctypes.create_string_buffer(ROOM)
    given = Call(told, len(told), len(payload), ctypes.addressof(room), ROOM)
    status = library[function](ctypes.byref(given), payload)
    taken = ctypes.string_at(given.answer, given.answer_size)
    if given.answer_size > ROOM:
        library.LakonFree(given.answer)
    return status, taken.decode()


def invoke(name: str, header: str, payload: str) -> tuple[int, str]:
    """LakonInvoke."""
    return call("LakonInvoke", f"{name}\0{header}".encode(), payload.encode())


if "--handle" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
told = json.load(sys.stdin)
answers = [call("LakonStart", told["environment"].encode())]
if answers[0][0] == 0:
    answers += [invoke(*call) for call in told["calls"]]
    with ThreadPoolExecutor(8) as threads:
        beside = set(threads.map(lambda _: invoke(*told["calls"][0]), range(200)))
    answers += sorted(beside)
print(json.dumps(answers), flush=True)
while "--wait" in sys.argv:
    time.sleep(1)
