"""Starts the processes of functions, each environment's in a sandbox, and ends whatever is left of them.

A process of its own that the supervisor starts: `main` with the arguments PATH DESCRIPTOR FOLDER. It is small and has
one thread, so that to fork it is quick and safe; the supervisor is neither. Over the socket DESCRIPTOR come messages,
each a length of four bytes and JSON, with the descriptors that a new process shall have: its output first, then others,
which it finds from number 62 on. Answers go back in the same way, without descriptors. Sandboxes are made below the
empty FOLDER.

One forked process always waits to become what is asked for next: to fork takes longer than all the rest.

When the supervisor is gone, all that was started here ends, and so does what that started, wherever it went: this
process adopts orphans. It keeps the supervisor's lock file open, so the lock is free only when nothing is left.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lakon.local.spawning import groups
from lakon.local.spawning.sandbox import Kernel, enter, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_DESCRIPTORS = 4
_FIRST_INHERITED = 62
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LENGTH = struct.Struct("!I")


class Spawner:
    """Serves one supervisor."""

    def __init__(self, connection: socket.socket, root: str) -> None:
        self._connection = connection
        self._root = root
        self._kernel: Kernel | None = None
        self._running: set[int] = set()
        self._guarded: dict[int, float] = {}
        self._namespaces: dict[str, int] = {}

    def run(self) -> None:
        """Serve until the supervisor is gone, then end what is left."""
        _send(self._connection, {"refused": self._refusal()})
        wakes, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._spare = self._fork()
        while True:
            ready, _, _ = select.select([self._connection.fileno(), wakes], [], [])
            if wakes in ready:
                os.read(wakes, 4096)
                self._reap()
            if self._connection.fileno() in ready:
                request, descriptors = _receive(self._connection)
                if request is None:
                    break
                self._serve(request, descriptors)
        self._end()

    def _refusal(self) -> str | None:
        """Why no process can have a sandbox; None when it can. Tried by a process that has nothing else to do."""
        if sys.platform != "linux":
            return "only Linux has them"
        kernel = Kernel()
        kernel.adopt_orphans()
        broken, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                prepare(kernel, self._root)
            except OSError as error:
                os.write(told, str(error).encode())
            finally:
                os._exit(0)
        os.close(told)
        os.waitpid(pid, 0)
        refusal = os.read(broken, 4096).decode()
        os.close(broken)
        if not refusal:
            prepare(kernel, self._root)
            self._kernel = kernel
        return refusal or None

    def _serve(self, request: dict[str, Any], descriptors: list[int]) -> None:
        match request["do"]:
            case "spawn":
                self._spawn(request, descriptors)
            case "guard":
                self._guarded[request["pid"]] = request["grace"]
            case "release":
                self._guarded.pop(request["pid"], None)
            case "forget":
                self._forget(request["sandbox"])

    def _spawn(self, request: dict[str, Any], descriptors: list[int]) -> None:
        pid, line = self._spare
        place = request["sandbox"]
        known = place and self._namespaces.get(place["id"])
        _send(line, {**request, "join": known is not None}, descriptors + ([known] if known else []))
        for descriptor in descriptors:
            os.close(descriptor)
        refusal, _ = _receive(line)  # the line is closed when the process has become another
        line.close()
        if refusal:
            _send(self._connection, {"id": request["id"], **refusal})
        else:
            if place and not known:
                with suppress(OSError):  # it has ended already
                    self._namespaces[place["id"]] = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
            self._running.add(pid)
            _send(self._connection, {"id": request["id"], "pid": pid})
        self._spare = self._fork()

    def _fork(self) -> tuple[int, socket.socket]:
        """A process that waits at the other end of the line to be told what to become."""
        mine, line = socket.socketpair()
        pid = os.fork()
        if pid:
            line.close()
            return pid, mine
        try:
            signal.set_wakeup_fd(-1)
            for number in _DEFAULTS:
                signal.signal(number, signal.SIG_DFL)
            mine.close()
            self._connection.close()
            if self._kernel:
                self._kernel.unshare_mounts()
            self._become(*_receive(line))
        except OSError as error:
            _send(line, {"errno": error.errno, "program": error.filename})
        finally:
            os._exit(127)

    def _become(self, request: dict[str, Any] | None, descriptors: list[int]) -> None:
        if request is None:
            return
        os.setsid()
        if request["sandbox"] and self._kernel:
            if request["join"]:
                self._kernel.join(descriptors.pop())
            else:
                enter(self._kernel, self._root, request["sandbox"])
        _rearrange(descriptors)
        resource.setrlimit(resource.RLIMIT_NOFILE, (request["files"], request["files"]))
        os.chdir(request["folder"])
        os.execve(request["argv"][0], request["argv"], request["environment"])  # noqa: S606 - what was asked for

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._running:
                    self._running.discard(pid)
                    groups.kill_group(pid)  # what it started ends with it
                    _send(self._connection, {"pid": pid, "status": os.waitstatus_to_exitcode(status)})

    def _forget(self, sandbox: str) -> None:
        """End whatever still runs in a sandbox."""
        namespace = self._namespaces.pop(sandbox, None)
        if namespace is None:
            return
        inode = os.fstat(namespace).st_ino
        for pid in groups.descendants(os.getpid()):
            with suppress(OSError):
                if os.stat(f"/proc/{pid}/ns/mnt").st_ino == inode:
                    os.kill(pid, signal.SIGKILL)
        os.close(namespace)

    def _end(self) -> None:
        began = time.monotonic()
        for pid, grace in sorted(self._guarded.items(), key=lambda entry: entry[1]):
            while groups.alive(pid) and time.monotonic() - began < grace:
                time.sleep(0.02)
            groups.kill_group(pid)
        for pid in self._running:
            groups.kill_group(pid)
        while left := groups.descendants(os.getpid()):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.005)


def _send(line: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    body = json.dumps(message).encode()
    whole = _LENGTH.pack(len(body)) + body
    with suppress(ConnectionError):
        line.sendall(whole[socket.send_fds(line, [whole], list(descriptors)) :])


def _receive(line: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next message and its descriptors; None when the other end is closed."""
    with suppress(ConnectionError):
        head, descriptors, _, _ = socket.recv_fds(line, _LENGTH.size, _MAX_DESCRIPTORS)
        while head and len(head) < _LENGTH.size:
            head += line.recv(_LENGTH.size - len(head))
        if head:
            body = bytearray()
            (length,) = _LENGTH.unpack(head)
            while len(body) < length:
                body += line.recv(length - len(body))
            return json.loads(body), descriptors
    return None, []


def _rearrange(descriptors: list[int]) -> None:
    """Output is standard output and error; the others stand from `_FIRST_INHERITED` on; nothing else is inherited."""
    output, *others = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for number, descriptor in enumerate(others, _FIRST_INHERITED):
        os.dup2(descriptor, number)


def main() -> None:
    """Serve the supervisor at the other end of the socket."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)
    Spawner(socket.socket(fileno=int(sys.argv[2])), sys.argv[3]).run()
