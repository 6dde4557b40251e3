"""The supervisor: found, started once, healed, and never left behind."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import LocalError
from lakon.local.daemon import Running, ensure, find, stop
from lakon.local.spawning.groups import alive
from lakon.report import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import boto3


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The state folder of an embedded AWS of one's own; ended afterwards."""
    folder = tmp_path / ".lakon" / "aws"
    yield folder
    stop(folder)


def processes(folder: Path) -> set[int]:
    """Every process that has the folder in its command line, environment or mounts, or a file of it open."""
    found = set()
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid() or not alive(int(place.name)):
            continue
        try:
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            told += (place / "mountinfo").read_bytes()  # in sandboxes
            links = " ".join(str(link.readlink()) for link in (place / "fd").iterdir())
        except OSError:
            continue
        if str(folder).encode() in told or str(folder) in links:
            found.add(int(place.name))
    return found


def emulator_of(folder: Path) -> int:
    [emulator] = [pid for pid in processes(folder) if b"plug.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return emulator


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="process listings are read from /proc")

SLEEPER = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'slept'\n"


def deploy(session: boto3.Session, running: Running, source: str = SLEEPER) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    session.client("lambda", endpoint_url=running.endpoint_url).create_function(
        FunctionName="sleeper",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/x",
        Timeout=30,
        Code={"ZipFile": packed.getvalue()},
    )


def invoke(session: boto3.Session, running: Running, kind: str = "RequestResponse", seconds: float = 0) -> bytes:
    client = session.client("lambda", endpoint_url=running.endpoint_url)
    if kind == "Event":
        client.invoke(FunctionName="sleeper", InvocationType="Event", Payload=json.dumps(seconds).encode())
        return b""
    return client.invoke(FunctionName="sleeper", Payload=json.dumps(seconds).encode())["Payload"].read()


def test_nothing_is_there_at_first(folder: Path) -> None:
    assert find(folder) is None
    assert stop(folder) is False


@needs_proc
def test_found_again_and_ended_without_trace(
    folder: Path, launcher: Sequence[str], session: boto3.Session, wait_for: Callable[..., None]
) -> None:
    running = ensure(folder, launcher, Silent())
    assert find(folder) == running == ensure(folder, launcher, Silent())
    deploy(session, running)
    invoke(session, running)
    invoke(session, running, "Event", 20)
    wait_for(lambda: len(processes(folder)) == 5)  # supervisor, spawner, its spare, emulator; one function, reused
    assert stop(folder) is True
    assert processes(folder) == set()
    assert find(folder) is None
    assert stop(folder) is False


@needs_proc
@pytest.mark.parametrize("busy", [False, True])
def test_killed_supervisor_leaves_nothing(
    folder: Path, launcher: Sequence[str], session: boto3.Session, wait_for: Callable[..., None], busy: bool
) -> None:
    running = ensure(folder, launcher, Silent())
    deploy(session, running)
    invoke(session, running)
    if busy:
        invoke(session, running, "Event", 25)
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: processes(folder) == set())
    assert find(folder) is None
    again = ensure(folder, launcher, Silent())
    assert again.pid != running.pid
    assert invoke(session, again) == b'"slept"'  # the emulator saved its state when its supervisor was gone


def test_two_terminals_at_once(folder: Path, launcher: Sequence[str]) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom lakon.local.daemon import ensure\nfrom lakon.report import Silent\n"
        "print(ensure(Path(sys.argv[1]), sys.argv[2:], Silent()).pid)\n"
    )
    command = [sys.executable, "-c", program, str(folder), *launcher]
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda _: subprocess.check_output(command, text=True).strip(), range(3)))
    assert len(set(told)) == 1


@needs_proc
def test_ends_with_its_owner(folder: Path, launcher: Sequence[str], wait_for: Callable[..., None]) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ensure(folder, launcher, Silent(), owner_pid=owner.pid)
    owner.communicate()
    wait_for(lambda: processes(folder) == set())
    assert find(folder) is None


@needs_proc
def test_ends_when_the_project_is_removed(folder: Path, launcher: Sequence[str], wait_for: Callable[..., None]) -> None:
    running = ensure(folder, launcher, Silent())
    shutil.rmtree(folder)
    wait_for(lambda: not alive(running.pid) and processes(folder) == set())
    assert not folder.exists()


@needs_proc
def test_idle_environments_end(
    folder: Path, launcher: Sequence[str], session: boto3.Session, wait_for: Callable[..., None]
) -> None:
    running = ensure(folder, [*launcher, "--idle", "0.4"], Silent())
    deploy(session, running)
    invoke(session, running)
    wait_for(lambda: len(processes(folder)) == 4)  # supervisor, spawner, its spare, emulator
    assert invoke(session, running) == b'"slept"'


@needs_proc
@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGSTOP])
def test_broken_emulator_is_replaced(folder: Path, launcher: Sequence[str], name: signal.Signals) -> None:
    first = ensure(folder, launcher, Silent())
    emulator = emulator_of(folder)
    os.kill(emulator, name)
    second = ensure(folder, launcher, Silent())
    assert second.pid != first.pid
    assert not alive(first.pid) and not alive(emulator)


def test_stale_port_file_is_cleaned(folder: Path, launcher: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    stale = {"pid": os.getpid(), "endpoint_url": "http://127.0.0.1:9", "host_port": 9}
    (folder / "supervisor.json").write_text(json.dumps(stale))
    assert find(folder) is None
    assert not (folder / "supervisor.json").exists()
    (folder / "supervisor.json").write_text("{not json")
    assert find(folder) is None
    assert stop(folder) is False


def test_state_survives_and_keeps_its_port(folder: Path, launcher: Sequence[str], session: boto3.Session) -> None:
    first = ensure(folder, launcher, Silent())
    deploy(session, first)
    s3 = session.client("s3", endpoint_url=first.endpoint_url)
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="kept", Key="a/b", Body=b"bytes")
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "kept"}}}}
    cloudformation = session.client("cloudformation", endpoint_url=first.endpoint_url)
    cloudformation.create_stack(StackName="kept", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="kept", WaiterConfig={"Delay": 1})
    assert stop(folder)
    second = ensure(folder, launcher, Silent())
    assert second.endpoint_url == first.endpoint_url
    assert invoke(session, second) == b'"slept"'
    assert s3.get_object(Bucket="kept", Key="a/b")["Body"].read() == b"bytes"
    [resource] = cloudformation.describe_stack_resources(StackName="kept")["StackResources"]
    assert resource.get("PhysicalResourceId", "").startswith(second.endpoint_url)


def test_what_was_provisioned_is_initialised_again(
    folder: Path, launcher: Sequence[str], session: boto3.Session, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    told = tmp_path / "told"
    told.mkdir()
    source = f"import os\nopen(os.path.join({str(told)!r}, str(os.getpid())), 'w').close()\n{SLEEPER}"
    first = ensure(folder, launcher, Silent())
    deploy(session, first, source)
    client = session.client("lambda", endpoint_url=first.endpoint_url)
    version = client.publish_version(FunctionName="sleeper")["Version"]
    where = {"FunctionName": "sleeper", "Qualifier": version}
    client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=2)
    wait_for(lambda: client.get_provisioned_concurrency_config(**where)["Status"] == "READY")
    before = set(told.iterdir())
    assert stop(folder)
    ensure(folder, launcher, Silent())
    wait_for(lambda: len(set(told.iterdir()) - before) == 2)
    wait_for(lambda: client.get_provisioned_concurrency_config(**where)["Status"] == "READY")


class Warnings(Silent):
    """Remembers what it was warned of."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def warn(self, text: str, hint: str | None = None) -> None:
        self.told.append(text)


@needs_proc
def test_state_that_was_not_saved_is_not_believed(
    folder: Path, launcher: Sequence[str], session: boto3.Session, wait_for: Callable[..., None]
) -> None:
    first = ensure(folder, launcher, Silent())
    deploy(session, first)
    stop(folder)
    ensure(folder, launcher, Silent())
    emulator = emulator_of(folder)
    os.kill(emulator, signal.SIGKILL)
    wait_for(lambda: processes(folder) == set())
    warnings = Warnings()
    running = ensure(folder, launcher, warnings)
    assert any("starts empty" in text for text in warnings.told)
    functions = session.client("lambda", endpoint_url=running.endpoint_url).list_functions()["Functions"]
    assert functions == []


def test_taken_port_is_left_alone(folder: Path, launcher: Sequence[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        folder.mkdir(parents=True)
        taken = other.getsockname()[1]
        (folder / "port").write_text(str(taken))
        running = ensure(folder, launcher, Silent())
        assert not running.endpoint_url.endswith(f":{taken}")


def test_failure_shows_the_log(folder: Path) -> None:
    launcher = [sys.executable, "-c", "import sys; print('it went wrong'); sys.exit(4)"]
    with pytest.raises(LocalError) as failure:
        ensure(folder, launcher, Silent())
    assert failure.value.detail == "it went wrong"
    assert failure.value.where == str(folder / "supervisor.log")


def test_launcher_that_is_not_there(folder: Path) -> None:
    with pytest.raises(LocalError, match="could not be started"):
        ensure(folder, ["/nowhere/program"], Silent())
