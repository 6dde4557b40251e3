"""The file system that a function sees, and what happens to processes that it leaves behind."""

from __future__ import annotations

import ctypes
import os
import time
import traceback
from pathlib import Path

import pytest

from lakon.local.processes import ProcessGuard
from lakon.local.spawning.groups import alive
from lakon.local.spawning.sandbox import Kernel, enter, prepare

from .hosting import hosting, run, until

HANDLER = """
import os, socket, subprocess, tempfile
def handler(event, context):
    return eval(event)
"""


def sandboxed() -> bool:
    refusals = []

    async def ask() -> None:
        guard = ProcessGuard()
        refusals.append(await guard.refusal())
        guard.close()

    run(ask)
    return refusals == [None]


@pytest.fixture(autouse=True, scope="module")
def _sandboxes() -> None:
    if not sandboxed():
        pytest.skip("this machine gives no mount namespaces")


def test_places_are_those_of_lambda(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": HANDLER}, layers=[{"data/words.txt": "hello"}])
            assert await hosted.ask(function, "open('/opt/data/words.txt').read()") == "hello"
            assert await hosted.ask(function, "os.getcwd()") == "/var/task"
            assert await hosted.ask(function, "os.listdir('/var/task')") == ["app.py"]
            assert await hosted.ask(function, "tempfile.gettempdir()") == "/tmp"
            assert await hosted.ask(function, "socket.gethostbyname('sandbox.localdomain')") == "127.0.0.1"

    run(scenario)


@pytest.mark.parametrize("path", ["/var/task/app.py", "/var/task/new", "new", "/opt/data/words.txt"])
def test_code_and_layers_cannot_be_written(tmp_path: Path, path: str) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": HANDLER}, layers=[{"data/words.txt": "hello"}])
            error = await hosted.fail(function, f"open({path!r}, 'a')")
            assert "Read-only file system" in error["errorMessage"]

    run(scenario)


def test_tmp_is_kept_in_an_environment_and_nowhere_else(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            one, other = (hosted.function({"app.py": HANDLER}) for _ in range(2))
            await hosted.ask(one, "open('/tmp/lakon-mark', 'w').write('mine')")
            assert await hosted.ask(one, "open('/tmp/lakon-mark').read()") == "mine"
            assert not await hosted.ask(other, "os.path.exists('/tmp/lakon-mark')")
            assert not Path("/tmp/lakon-mark").exists()

    run(scenario)


def test_what_left_its_group_ends_with_the_environment(tmp_path: Path) -> None:
    start = "subprocess.Popen(['/bin/sleep', '1000'], start_new_session=True).pid"

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": HANDLER})
            pid = await hosted.ask(function, start)
            assert isinstance(pid, int)
            assert alive(pid)
            await hosted.fail(function, "os._exit(1)")
            await until(lambda: not alive(pid))

    run(scenario)


def test_daemons_end_with_the_host(tmp_path: Path) -> None:
    pids: list[object] = []
    start = "int(subprocess.check_output(['/bin/sh', '-c', 'setsid sleep 1000 >/dev/null & echo $!']))"

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            pids.append(await hosted.ask(hosted.function({"app.py": HANDLER}), start))

    run(scenario)
    assert not alive(int(str(pids[0])))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else to try it")
def test_users_have_sandboxes_too(tmp_path: Path) -> None:
    root, task, nobody = tmp_path / "root", tmp_path / "task", 65534
    root.mkdir()
    task.mkdir()
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o011)
    for folder in (root, task):
        os.chown(folder, nobody, nobody)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(nobody)
            os.setuid(nobody)
            ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a process is that was started by this user
            kernel = Kernel()
            prepare(kernel, str(root))
            kernel.unshare_mounts()
            enter(kernel, str(root), {"id": "1", "task": str(task), "opt": "", "size": 1, "keep": []})
            Path("/tmp/mine").touch()
            with pytest.raises(OSError, match="Read-only"):
                Path("/var/task/mine").touch()
            os._exit(0)
        except OSError:
            traceback.print_exc()
        finally:
            os._exit(1)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert status == 0
            return
        time.sleep(0.01)
    os.kill(pid, 9)
    raise AssertionError("it did not end")
