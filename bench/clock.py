"""Running contenders in turn, and what their runs took."""

from __future__ import annotations

import gc
import os
import random
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class BrokenContender(Exception):  # noqa: N818 - it is the contender that is broken
    """A contender that was to be timed does not work: its command line and what it said."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds on the clock, and seconds of CPU in user mode, children of the process included."""

    wall: float
    user: float


class Samples:
    """The runs of one contender."""

    def __init__(self) -> None:
        self.all: list[Sample] = []

    @property
    def wall(self) -> float:
        """The median of the seconds on the clock."""
        return median(sample.wall for sample in self.all)

    @property
    def user(self) -> float:
        """The median of the seconds of CPU in user mode."""
        return median(sample.user for sample in self.all)


@dataclass(frozen=True, slots=True)
class Command:
    """A whole process to time: a command line in a folder, after an untimed preparation.

    `environment` is added to a plain one. `ends` are the exit codes that mean that it did its work.
    """

    line: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    prepare: Callable[[], None] = lambda: None
    ends: tuple[int, ...] = (0,)

    def __call__(self) -> Sample:
        """Run it once. Raises BrokenContender when it ends with another exit code."""
        self.prepare()
        with tempfile.TemporaryFile() as words:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            begun = time.perf_counter()
            done = subprocess.run(
                self.line,
                cwd=self.folder,
                env={**plain_environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                check=False,
            )
            wall = time.perf_counter() - begun
            user = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            if done.returncode not in self.ends:
                words.seek(0)
                said = words.read().decode(errors="replace").strip()
                raise BrokenContender(f"$ {' '.join(self.line)}\nexit code {done.returncode}\n{said}")
        return Sample(wall, user)


@dataclass(frozen=True, slots=True)
class Call:
    """Something to time in this process."""

    function: Callable[[], object]

    def __call__(self) -> Sample:
        """Call it once, with the garbage of others collected before."""
        gc.collect()
        cpu, begun = time.process_time(), time.perf_counter()
        self.function()
        return Sample(time.perf_counter() - begun, time.process_time() - cpu)


def take_turns(contenders: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, Samples]:
    """Run each contender once in every round, in random order; a first round warms up and is forgotten."""
    times = {name: Samples() for name in contenders}
    for number in range(rounds + 1):
        for name in random.sample(list(contenders), len(contenders)):
            sample = contenders[name]()
            if number:
                times[name].all.append(sample)
    return times


def plain_environment() -> dict[str, str]:
    """The environment of this process without what would change how Python, Lakon or an AWS client works."""
    ours = ("PYTHON", "LAKON_APP", "LAKON_STAGE", "AWS_", "VIRTUAL_ENV", "COVERAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
