"""How long the command line takes before it does its work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench import peers, programs
from bench.clock import BrokenContender, Command, Sample, take_turns
from bench.loopback import listening
from bench.plan import lakon
from bench.table import Row, Within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.loopback import Loopback
    from bench.plan import Plan

_AWS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_WHOLE = {
    "--version": Within(0.1),
    "--help": Within(0.35),
    "status --help": Within(0.35),
    "describe": Within(0.35),
    "build": Within(0.35),
}
_CALLING = ("provision", "status", "invoke handler_5", "logs", "delete --yes")


def rows(plan: Plan) -> Iterator[Row]:
    """Whole processes, and for the commands that speak to AWS the time until the first call reaches it."""
    project = plan.folder / "project"
    project.mkdir()
    (project / "app.py").write_text(programs.lakon_program(30))
    chalice, missing = _chalice(project)
    with listening() as aws:
        contenders = {words: lakon(*words.split(), folder=project) for words in _WHOLE} | chalice
        calling = {words: _FirstCall(words, project, aws) for words in _CALLING}
        times = take_turns({**contenders, **calling}, plan.rounds(11, 3))
    peer = times["chalice"].wall if chalice else None
    for words, goal in _WHOLE.items():
        note = " (30 functions)" if words == "describe" else " (unchanged)" if words == "build" else ""
        yield Row(f"lakon {words}{note}", times[words].wall, "chalice --version", peer, goal, missing)
    for words in _CALLING:
        what = f"lakon {words} until it calls AWS"
        yield Row(what, times[words].wall, "chalice --version", peer, Within(0.35), missing)


class _FirstCall:
    """A command that is timed from its start to the moment when its first call reaches AWS."""

    def __init__(self, words: str, folder: Path, aws: Loopback) -> None:
        line = lakon(*words.split(), "--endpoint-url", aws.url, folder=folder).line
        self.command = Command(line, folder, _AWS, ends=tuple(range(256)))
        self.aws = aws

    def __call__(self) -> Sample:
        self.aws.forget()
        begun = time.perf_counter()
        user = self.command().user
        if self.aws.first is None:
            raise BrokenContender(f"$ {' '.join(self.command.line)}\nended without a call to AWS")
        return Sample(self.aws.first - begun, user)


def _chalice(folder: Path) -> tuple[dict[str, Command], str]:
    try:
        program = peers.environment(peers.CHALICE) / "bin" / "chalice"
    except peers.MissingPeer as why:
        return {}, f"chalice {why}"
    return {"chalice": Command([str(program), "--version"], folder, {})}, ""
