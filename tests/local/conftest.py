"""One embedded AWS per test worker, and a way to put functions into it."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from lakon.local.daemon import Running, ensure, stop
from lakon.report import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

ROLE = "arn:aws:iam::000000000000:role/test"


@pytest.fixture(scope="session")
def launcher() -> Sequence[str]:
    return [sys.executable, str(Path(__file__).with_name("launcher.py"))]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory, launcher: Sequence[str]) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("project") / ".lakon" / "aws"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKON_MINUTE", "0.1")  # what AWS retries after a minute, these tests need not wait for
        running = ensure(folder, launcher, Silent(), owner_pid=os.getpid())
    yield running
    stop(folder)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")


@pytest.fixture(scope="session")
def lambda_client(session: boto3.Session, aws: Running) -> LambdaClient:
    return session.client(
        "lambda",
        endpoint_url=aws.endpoint_url,
        config=Config(max_pool_connections=16, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def logs_client(session: boto3.Session, aws: Running) -> CloudWatchLogsClient:
    return session.client("logs", endpoint_url=aws.endpoint_url)


def pack(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            mode = 0o755 if name in ("bootstrap", "bin/tool") else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, content)
    return packed.getvalue()


@pytest.fixture(scope="session")
def archive() -> Callable[[dict[str, str | bytes]], bytes]:
    return pack


@pytest.fixture
def deploy(lambda_client: LambdaClient) -> Iterator[Callable[..., str]]:
    """Makes a function of one source file, or of several; returns its name. Takes what CreateFunction takes."""
    made: list[str] = []

    def deploy(source: str | dict[str, str | bytes], **parameters: object) -> str:
        name = f"test-{uuid4().hex[:12]}"
        files: dict[str, str | bytes] = source if isinstance(source, dict) else {"app.py": source}
        defaults: dict[str, object] = {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": ROLE,
            "Timeout": 10,
        }
        create: Callable[..., object] = lambda_client.create_function
        create(FunctionName=name, Code={"ZipFile": pack(files)}, **(defaults | parameters))
        made.append(name)
        return name

    yield deploy
    for name in made:
        lambda_client.delete_function(FunctionName=name)


@pytest.fixture
def environment_folder(tmp_path: Path) -> Path:
    """A state folder of one's own, for an embedded AWS of one's own."""
    return tmp_path / ".lakon" / "aws"


@pytest.fixture(scope="session")
def wait_for() -> Callable[[Callable[[], object]], None]:
    """Waits until something is true, for at most 20 seconds."""

    def wait_for(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.02)

    return wait_for


@pytest.fixture
def shared_path() -> Iterator[Path]:
    """A folder that functions see and write as this test does; in /tmp they have one of their own."""
    folder = Path(tempfile.mkdtemp(prefix="lakon-test-", dir="/var/tmp"))
    yield folder
    shutil.rmtree(folder)
