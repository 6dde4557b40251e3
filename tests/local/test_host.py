"""The Lambda host itself: provisioned environments, limits, the environment's variables, log formats."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import LocalError
from lakon.local.host import Limits

from .hosting import hosting, run, until

if TYPE_CHECKING:
    from lakon.local.functions import Function

    from .hosting import Hosting

ECHO = {"app.py": "import os\ndef handler(event, context):\n    return dict(os.environ, PID=os.getpid())\n"}


def test_provisioned_environments(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path, Limits(idle=0.2)) as hosted:
            function = hosted.function(ECHO)
            await hosted.host.provision(function, 2)
            await asyncio.sleep(0.5)  # longer than what is made on demand may be idle
            one, two = await asyncio.gather(hosted.ask(function), hosted.ask(function))
            assert isinstance(one, dict) and isinstance(two, dict)
            assert one["PID"] != two["PID"]
            assert one["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
            reports = await hosted.written(lambda lines: sum(line.startswith("REPORT") for line in lines) == 2)
            assert not any("Init Duration" in line for line in reports)
            os.kill(int(one["PID"]), 9)  # what is lost is made again
            await until(lambda: len(hosted.host.idle_pids(function)) == 2 and one["PID"] not in pids(hosted, function))
            await hosted.host.provision(function, 0)
            await until(lambda: not pids(hosted, function))

    run(scenario)


def pids(hosted: Hosting, function: Function) -> set[int]:
    return hosted.host.idle_pids(function)


def test_tenants_never_share_an_environment(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function(ECHO)
            seen = []
            for tenant in ("a", "b", "a", "b"):
                outcome = await hosted.call(function, tenant_id=tenant)
                seen.append(json.loads(outcome.answer.body)["PID"])
            assert seen[:2] == seen[2:]
            assert seen[0] != seen[1]

    run(scenario)


def test_snap_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = """
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot
told = []
register_before_snapshot(told.append, "before")
register_after_restore(told.append, "after")
def handler(event, context):
    return told, os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
"""
        snap_start = {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": source}, SnapStart=snap_start, Version="1")
            assert await hosted.ask(function) == [["before", "after"], "snap-start"]
            broken = source.replace('(told.append, "after")', "(lambda: 1 / 0)")
            error = await hosted.fail(hosted.function({"app.py": broken}, SnapStart=snap_start, Version="1"))
            assert (error["errorType"], error["errorMessage"]) == ("ZeroDivisionError", "division by zero")

    run(scenario)


def test_provisioning_what_cannot_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            with pytest.raises(LocalError) as failure:
                await hosted.host.provision(hosted.function({"app.py": "import nowhere"}), 1)
            assert "No module named 'nowhere'" in str(failure.value.detail)

    run(scenario)


def test_forgotten_function(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function, other = hosted.function(ECHO), hosted.function(ECHO)
            await asyncio.gather(hosted.ask(function), hosted.ask(other))
            [pid] = pids(hosted, function)
            hosted.host.forget(function.name)
            await until(lambda: not runs(pid))
            assert pids(hosted, other)

    run(scenario)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched where there is /proc only")
@pytest.mark.parametrize("where", ["function", "child", "init"])
def test_memory_limit_holds(tmp_path: Path, where: str) -> None:
    async def scenario() -> None:
        grow = "import time\nkept = [bytearray(1024 * 1024) for _ in range(400)]\ntime.sleep(60)\n"
        source = {
            "function": f"def handler(event, context):\n    exec({grow!r})\n",
            "child": "import subprocess, sys\ndef handler(event, context):\n"
            f"    return subprocess.run([sys.executable, '-c', {grow!r}]).returncode\n",
            "init": f"{grow}def handler(event, context):\n    return 1\n",
        }[where]
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": source}, MemorySize=128)
            error = await hosted.fail(function)
            assert error["errorType"] == "Runtime.OutOfMemory"
            assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
            lines = await hosted.written(lambda lines: any(line.startswith("REPORT") for line in lines))
            [report] = [line for line in lines if line.startswith("REPORT")]
            assert "Max Memory Used: 128 MB" in report
            assert report.endswith("Status: error\tError Type: Runtime.OutOfMemory")

    run(scenario)


def test_memory_that_is_only_reserved_does_not_count(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = "import mmap, time\nreserved = mmap.mmap(-1, 1 << 30)\ndef handler(event, context):\n"
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": f"{source}    time.sleep(0.3)\n    return 1\n"}, MemorySize=128)
            assert await hosted.ask(function) == 1

    run(scenario)


def test_storage_limit_holds(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = """
import os, tempfile, time
def handler(event, context):
    with open(tempfile.gettempdir() + "/big", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, event * 1024 * 1024)
    time.sleep(3 if event > 512 else 0.7)
    return os.stat(file.name).st_size
"""
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": source})
            assert await hosted.ask(function, 100) == 100 * 1024 * 1024
            error = await hosted.fail(function, 600)
            assert "No space left on device" in error["errorMessage"]
            large = hosted.function({"app.py": source}, EphemeralStorage={"Size": 1024})
            assert await hosted.ask(large, 600) == 600 * 1024 * 1024

    run(scenario)


def test_number_of_open_files(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = (
            "import resource\ndef handler(event, context):\n    return resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        )
        async with hosting(tmp_path) as hosted:
            assert await hosted.ask(hosted.function({"app.py": source})) == [1024, 1024]

    run(scenario)


def test_json_log_format(tmp_path: Path) -> None:
    source = """
import logging
def handler(event, context):
    print('{"timestamp": "2026-01-01T00:00:00Z", "level": "DEBUG", "message": "quiet"}')
    print('{"timestamp": "2026-01-01T00:00:00Z", "level": "ERROR", "message": "loud"}')
    print("plain")
    logging.getLogger().info("from a logger")
    raise ValueError("no")
"""

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            logging = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "DEBUG"}
            await hosted.fail(hosted.function({"app.py": source}, LoggingConfig=logging))
            lines = await hosted.written(lambda lines: any("platform.report" in line for line in lines))
            records = [json.loads(line) for line in lines]
            kinds = [record.get("type") for record in records if "type" in record]
            assert kinds == [
                "platform.initStart",
                "platform.initRuntimeDone",
                "platform.initReport",
                "platform.start",
                "platform.runtimeDone",
                "platform.report",
            ]
            assert records[-1]["record"]["status"] == "error"
            messages = [record.get("message") for record in records if "level" in record]
            assert "loud" in messages
            assert not {"quiet", "plain", "from a logger"} & set(messages)
            quiet = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
            hosted.logs.streams.clear()
            await hosted.ask(hosted.function(ECHO, LoggingConfig=quiet))
            await hosted.fail(hosted.function({"app.py": source}, LoggingConfig=quiet))
            lines = await hosted.written(lambda lines: any("platform.report" in line for line in lines))
            assert "plain" in lines
            assert [json.loads(line)["type"] for line in lines if '"platform.' in line] == [
                "platform.runtimeDone",
                "platform.report",
            ]

    run(scenario)


def test_environment_in_order_of_precedence(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            own = {"TZ": "Europe/Paris", "LANG": "C", "_HANDLER": "x.y", "AWS_REGION": "x", "PATH_LIKE": "a=b=c"}
            function = hosted.function(ECHO, Environment={"Variables": own})
            seen = await hosted.ask(function)
            assert isinstance(seen, dict)
            assert (seen["TZ"], seen["LANG"], seen["PATH_LIKE"]) == ("Europe/Paris", "C", "a=b=c")
            assert (seen["_HANDLER"], seen["AWS_REGION"]) == ("app.handler", "eu-west-1")
            assert seen["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
            assert seen["AWS_XRAY_CONTEXT_MISSING"] == "LOG_ERROR"
            assert not {"HOSTNAME", "USER", "SHELL", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & set(seen)

    run(scenario)


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": "def handler(event, context):\n    return event\n"})
            slots = asyncio.Semaphore(6)

            async def one(number: int) -> object:
                async with slots:
                    return await hosted.ask(function, number)

            assert await asyncio.gather(*(one(number) for number in range(1000))) == list(range(1000))
            assert 1 <= len(pids(hosted, function)) <= 6
            lines = await hosted.written(lambda lines: sum(line.startswith("REPORT") for line in lines) == 1000)
            assert sum(line.startswith("START") for line in lines) == 1000

    run(scenario)


def test_nothing_leaks(tmp_path: Path) -> None:
    """Memory and descriptors stay flat; LAKON_SOAK=1 makes it the hundred thousand invocations of the promise."""

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": "def handler(event, context):\n    return event\n"})

            async def some(count: int) -> tuple[int, int]:
                for number in range(count):
                    assert await hosted.ask(function, number) == number
                    if number % 1000 == 0:
                        hosted.logs.streams.clear()  # the test's own
                await hosted.written(lambda lines: True)
                hosted.logs.streams.clear()
                return len(list(Path("/proc/self/fd").iterdir())), resident()

            files, memory = await some(500)
            begun = time.monotonic()
            files_after, memory_after = await some(100_000 if "LAKON_SOAK" in os.environ else 1_500)
            assert files_after == files
            assert memory_after - memory < 8 * 1024 * 1024, f"{memory} {memory_after} {time.monotonic() - begun}"

    run(scenario, 1200)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
