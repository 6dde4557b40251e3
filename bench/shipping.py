"""`lakon provision --code-only`, from the save of an edited line to the new answer; and uploads that go on."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from bench.loopback import listening
from bench.plan import PROGRAM, lakon
from bench.programs import PYTHON
from bench.table import Row, Within
from lakon.commands.code_only import provision_code
from lakon.commands.program import load
from lakon.provision.artifacts import archive_key, artifact_bucket, upload
from lakon.provision.session import Session
from lakon.provision.transfers import PART
from lakon.report import Silent
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan

_NUMPY = """\
import lakon

service = lakon.Service("one", python="{python}", layer=True)


@service.function(memory=1024)
def answer_0(event, context):
    import numpy

    return {number} + int(numpy.zeros(1)[0])
"""
_MANY = """

@service.function
def answer_{index}(event, context):
    return {number}
"""


def rows(plan: Plan) -> Iterator[Row]:
    """One function with numpy in a layer, and twenty without anything; an archive of five parts that lacks two."""
    for count in (1, 20):
        project = plan.folder / f"code-only-{count}"
        project.mkdir()
        _write(project, count, 0)
        lakon("provision", "--local", folder=project)()
        try:
            yield _row(project, count, plan.rounds(7, 3))
            if count == 1:
                yield _continued(project, plan.rounds(5, 3))
        finally:
            lakon("local", "stop", folder=project)()


def _row(project: Path, count: int, rounds: int) -> Row:
    endpoint = _endpoint(project)
    name = f"{'one' if count == 1 else 'many'}-dev-answer_{count - 1}"
    times = [_answered(project, count, number, endpoint, name) for number in range(1, rounds + 1)]
    _write(project, count, rounds + 1)
    with listening(endpoint) as between:
        provision_code(load(project / "app.py"), Target(local=True, endpoint_url=between.url), Silent())
        calls = Counter(call.split("/")[0] for call in between.calls)
        every = list(between.calls)
    functions = sum(_concerns_a_function(call) for call in every)
    what = f"code-only, save to new answer, {count} function{'s' if count > 1 else ''}"
    note = f"{functions / count:.1f} calls to Lambda a function, {sum(calls.values())} calls in all"
    return Row(what + (" with numpy in a layer" if count == 1 else ""), median(times), goal=Within(1.5), note=note)


def _endpoint(project: Path) -> str:
    told = subprocess.run([str(PROGRAM), "local", "status"], cwd=project, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def _continued(project: Path, rounds: int) -> Row:
    session = Session(Target(local=True, endpoint_url=_endpoint(project)))
    bucket = artifact_bucket(session, None, Silent())
    begun = [_sent(session, bucket, project / f"begun-{number}.zip", 3) for number in range(rounds)]
    whole = [_sent(session, bucket, project / f"whole-{number}.zip", 0) for number in range(rounds)]
    note = f"{begun[0][1] / 1_000_000:.1f} of {whole[0][1] / 1_000_000:.1f} MB are sent"
    seconds = median(each for each, _ in begun)
    return Row(
        "upload of 42 MB that was interrupted after 25",
        seconds,
        "from zero",
        median(each for each, _ in whole),
        note=note,
    )


def _sent(session: Session, bucket: str, archive: Path, there: int) -> tuple[float, int]:
    """Seconds to upload an archive of five parts, and the bytes sent, where S3 has so many of them already."""
    archive.write_bytes(os.urandom(5 * PART))
    s3, key = session.client("s3"), archive_key(archive)
    if there:
        made = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256")["UploadId"]
        with archive.open("rb") as file:
            for number in range(1, there + 1):
                s3.upload_part(Bucket=bucket, Key=key, UploadId=made, PartNumber=number, Body=file.read(PART))
    began = time.perf_counter()
    sent = upload(session, bucket, [archive], Silent())
    return time.perf_counter() - began, sent


def _concerns_a_function(call: str) -> bool:
    return "UpdateFunctionCode" in call or "GetFunctionConfiguration" in call or "/functions/" in call


def _answered(project: Path, count: int, number: int, endpoint: str, name: str) -> float:
    """Seconds from the save until the last function gives the new answer. The command goes on, and is waited for."""
    client = Session(Target(local=True, endpoint_url=endpoint)).client("lambda")
    began = time.perf_counter()
    _write(project, count, number)
    talk = project.with_suffix(".talk")
    with talk.open("w") as said:
        process = subprocess.Popen(
            [str(PROGRAM), "provision", "--local", "--code-only"], cwd=project, stdout=said, stderr=said
        )
    while json.loads(client.invoke(FunctionName=name)["Payload"].read()) != number:
        if process.poll():
            raise RuntimeError(f"lakon provision --code-only failed:\n{talk.read_text()}")
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    process.wait()
    return seconds


def _write(project: Path, count: int, number: int) -> None:
    if count == 1:
        (project / "requirements.txt").write_text("numpy\n")
        (project / "app.py").write_text(_NUMPY.format(python=PYTHON, number=number))
        return
    head = f'import lakon\n\nservice = lakon.Service("many", python="{PYTHON}")\n'
    functions = "".join(_MANY.format(index=index, number=number) for index in range(count))
    (project / "app.py").write_text(head + functions)
