"""The file system that a function sees: a mount namespace in which /var/task, /opt and /tmp are as on Lambda.

Code and layers cannot be written; /tmp is the environment's own, and holds no more than it may. Everything else of the
machine is there as it is, so that interpreters and libraries are found. Linux only; a user who is not root needs the
right to make user namespaces. See "Lambda execution environment" and mount_namespaces(7), mount_setattr(2).
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV = 1, 2, 4
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000


class Sandbox(TypedDict):
    """What one execution environment sees.

    `id` tells it from others. `task` is the folder at /var/task, `opt` that at /opt (empty text: none); `size` is that
    of /tmp in MB. `keep` are folders that are needed where they are, also below /opt or /tmp.
    """

    id: str
    task: str
    opt: str
    size: int
    keep: list[str]


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


class Kernel:
    """The system calls for it. OSError when one fails."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._pivot_root = _SYS_PIVOT_ROOT[os.uname().machine]

    def unshare_mounts(self) -> None:
        """Give this process a mount namespace of its own."""
        self._check(self._libc.unshare(_CLONE_NEWNS))

    def gain_mounts(self) -> None:
        """Do so with the right to mount: a process that is not root becomes itself in a user namespace."""
        uid, gid = os.geteuid(), os.getegid()
        if uid == 0:
            with suppress(OSError):  # root of a container may not
                self.unshare_mounts()
                return
        self._check(self._libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path(f"/proc/self/{name}").write_text(text)

    def join(self, mounts: int) -> None:
        """Enter the mount namespace that the descriptor stands for."""
        self._check(self._libc.setns(mounts, _CLONE_NEWNS))

    def mount(self, source: str, target: str, kind: str, flags: int, data: str = "") -> None:
        """Attach a file system: the system call of that name."""
        words = source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
        self._check(self._libc.mount(*words), target)

    def bind(self, source: str, target: str) -> None:
        """Let `target` show what `source` shows, with all that is mounted below."""
        self.mount(source, target, "", _MS_BIND | _MS_REC)

    def tmpfs(self, target: str, options: str) -> None:
        """An empty file system in memory."""
        self.mount("tmpfs", target, "tmpfs", _MS_NOSUID | _MS_NODEV, options)

    def make_private(self) -> None:
        """What is mounted from now on is mounted for this namespace only."""
        self.mount("", "/", "", _MS_REC | _MS_PRIVATE)

    def make_read_only(self, target: str) -> None:
        """`target`, and all that is mounted below, can no longer be written."""
        attributes = _Attributes(set=_MS_RDONLY)
        self._check(
            self._libc.syscall(
                _SYS_MOUNT_SETATTR,
                _AT_FDCWD,
                target.encode(),
                _AT_RECURSIVE,
                ctypes.byref(attributes),
                ctypes.c_size_t(ctypes.sizeof(attributes)),
            )
        )

    def change_root(self, folder: str) -> None:
        """Make `folder`, a mount, the root of everything, and let go of what was."""
        os.chdir(folder)
        self._check(self._libc.syscall(self._pivot_root, b".", b"."))
        self._check(self._libc.umount2(b".", _MNT_DETACH))
        os.chdir("/")

    def adopt_orphans(self) -> None:
        """Become the parent of whatever a descendant of this process leaves behind. See PR_SET_CHILD_SUBREAPER."""
        self._check(self._libc.prctl(36, 1, 0, 0, 0))

    def _check(self, result: int, about: str | None = None) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), about)


def prepare(kernel: Kernel, root: str) -> None:
    """Move this process into a mount namespace where the empty folder `root` shows the machine.

    Empty there are /var/task, /opt and /tmp; sandbox.localdomain is this machine. OSError where that is not allowed.
    """
    kernel.gain_mounts()
    kernel.make_private()
    kernel.tmpfs(root, "size=4m,mode=755")
    _show(kernel, "/", root, {"opt", "tmp", "var"})
    for folder in ("opt", "tmp", "var", "var/task"):
        os.mkdir(f"{root}/{folder}")
    _show(kernel, "/var", f"{root}/var", {"task"})
    hosts = Path("/etc/hosts")
    if hosts.exists():
        told = Path(root, ".hosts")
        told.write_text(f"{hosts.read_text().rstrip()}\n127.0.0.1 sandbox.localdomain\n")
        kernel.bind(str(told), f"{root}/etc/hosts")


def enter(kernel: Kernel, root: str, sandbox: Sandbox) -> None:
    """Move this process and what it will start into a sandbox.

    Its parent has prepared `root`, and it has a mount namespace of its own.
    """
    _place(kernel, sandbox["task"], f"{root}/var/task")
    if any(path.startswith("/opt/") for path in sandbox["keep"]):
        kernel.tmpfs(f"{root}/opt", "size=1m,mode=755")
        if sandbox["opt"]:
            _show(kernel, sandbox["opt"], f"{root}/opt", set())
    elif sandbox["opt"]:
        _place(kernel, sandbox["opt"], f"{root}/opt")
    kernel.tmpfs(f"{root}/tmp", f"size={sandbox['size']}m,mode=1777")
    for path in sandbox["keep"]:
        if path.startswith(("/opt/", "/tmp/")):
            os.makedirs(root + path, exist_ok=True)
            kernel.bind(path, root + path)
    kernel.change_root(root)


def _place(kernel: Kernel, folder: str, at: str) -> None:
    """Let `at` show a folder that cannot be written there."""
    kernel.bind(folder, at)
    kernel.make_read_only(at)


def _show(kernel: Kernel, folder: str, at: str, without: set[str]) -> None:
    """Let `at` show what is in `folder`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in without:
                continue
            target = f"{at}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), target)
                continue
            if entry.is_dir():
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
            kernel.bind(entry.path, target)
