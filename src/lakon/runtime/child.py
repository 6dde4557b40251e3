"""A program beside the Python runtime: started, watched, and started anew. Ships into Lambda."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SIGPIPE = 13  # Python ignores it, and children would inherit that


class Child:
    """A child process of a command in the function's folder, with the descriptor `pipe` as its third, if it has one."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], pipe: int | None = None) -> None:
        """Start it. OSError when it cannot be."""
        actions: list[tuple[int, int, int]] = []
        if pipe == 3:
            pipe = os.dup(pipe)  # a descriptor that is there already would not be handed on
        if pipe is not None:
            actions.append((os.POSIX_SPAWN_DUP2, pipe, 3))
        spawn = os.posix_spawnp if "/" not in command[0] else os.posix_spawn
        self.pid = spawn(command[0], list(command), dict(environment), file_actions=actions, setsigdef=[_SIGPIPE])
        self._ended: str | None = None

    def ended(self, *, wait: bool = False) -> str | None:
        """How it ended, in Lambda's words (`exit status 2`, `signal: 9`); None while it runs."""
        if self._ended is None:
            try:
                pid, status = os.waitpid(self.pid, 0 if wait else os.WNOHANG)
            except ChildProcessError:
                pid, status = self.pid, 0
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self._ended = f"exit status {code}" if code >= 0 else f"signal: {-code}"
        return self._ended

    def kill(self) -> None:
        """End it at once."""
        if self.ended() is None:
            os.kill(self.pid, 9)
            self.ended(wait=True)


def task_root() -> str:
    """The folder in which the function's code lies."""
    return os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()  # noqa: PTH109 - pathlib is not loaded here


def library_file(name: str) -> str:
    """Where a Go library lies in the archive of the Python functions."""
    return f"lakon-go/{name}.so"


def after_restore(call: Callable[[], object]) -> None:
    """Have `call` called when the process comes back out of a snapshot (SnapStart), where there will be one."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]  # Lambda brings it

        register_after_restore(call)
