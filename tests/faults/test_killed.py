"""`kill -9` at every call of every command; then the command is run again, and all is as it should be.

At a few of them unless LAKON_FAULTS is "all".
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.forks import Forks

from .sampling import sampled
from .service import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .service import Ship

KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Story:
    """Commands, each with the version of the program that it is run with: what was before, and what is killed."""

    before: tuple[tuple[int, str], ...]
    version: int
    command: str


STORIES: Mapping[str, Story] = {
    "create": Story((), 1, "provision"),
    "update": Story(((1, "provision"),), 2, "provision"),
    "code only": Story(((1, "provision"),), 3, "provision --code-only"),
    "roll back": Story(((1, "provision"), (2, "provision")), 1, "rollback --to BUILD"),
    "flip": Story(((1, "provision --no-bucket"),), 1, "flip"),
    "flip again": Story(((1, "provision --no-bucket"), (1, "flip")), 2, "provision --no-bucket"),
    "delete": Story(((1, "provision"),), 1, "delete --yes"),
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


class Terminal:
    """Runs `lakon` on the stage of a ship, through the proxy."""

    def __init__(self, forks: Forks, ship: Ship) -> None:
        self.forks, self.ship = forks, ship
        self.build = ""

    def begin(self, version: int, command: str) -> int:
        folder = {1: self.ship.first, 2: self.ship.second, 3: self.ship.third}[version].root
        words = command.replace("BUILD", self.build).split()
        where = ["--stage", self.ship.stage, "--region", REGION, "--endpoint-url", self.ship.proxy.url]
        return self.forks.begin([*words, *where], folder, self._environment(), _silent(folder))

    def run(self, version: int, command: str) -> int:
        self.begin(version, command)
        return self.forks.end()

    def prepare(self, story: Story) -> None:
        for version, command in story.before:
            assert self.run(version, command) == 0, command
        if "BUILD" in story.command:
            self.build = self.ship.first_build()
        self.ship.proxy.begin()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKON_STAGE"))}
        return {**kept, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def _silent(folder: Path) -> list[tuple[str, int]]:
    talk = str(folder / "talk")
    return [(os.devnull, os.O_RDONLY), (os.devnull, os.O_WRONLY), (talk, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)]


@pytest.mark.parametrize("name", sampled(list(STORIES), 0.2, 0.5, 0.6, 0.9))
def test_killed_and_run_again(ship: Ship, forks: Forks, name: str) -> None:
    story, other = STORIES[name], Terminal(forks, ship.anew())
    other.prepare(story)
    assert other.run(story.version, story.command) == 0
    calls = other.ship.proxy.calls
    right = settled(other.ship)
    other.ship.clear()
    wrong = []
    for number in sampled(range(len(calls)), (list(STORIES).index(name) + 0.5) / len(STORIES)):
        one = Terminal(forks, ship.anew())
        one.prepare(story)
        kill(one, story, number)
        assert again(one, story), f"killed at call {number} ({calls[number]}): {talk(one, story)}"
        if (found := settled(one.ship)) != right:
            wrong.append(f"killed at call {number} ({calls[number]}):\n{found}\n")
        one.ship.clear()
    assert not wrong, f"undisturbed:\n{right}\n\n" + "\n".join(wrong)


def kill(terminal: Terminal, story: Story, at: int) -> None:
    """Run the command, and kill it at a call, as far as its calls come in the same order."""
    process: list[int] = []

    def disturb(number: int) -> None:
        while not process:
            time.sleep(0.001)
        if number == at:
            os.kill(process[0], signal.SIGKILL)

    terminal.ship.proxy.begin()
    terminal.ship.proxy.disturb = disturb
    process.append(terminal.begin(story.version, story.command))
    assert terminal.forks.end() in (KILLED, 0)
    terminal.ship.proxy.begin()


def again(terminal: Terminal, story: Story) -> bool:
    """Whether the command succeeds now, or says that all is done: CloudFormation goes on with what was begun."""
    for _ in range(50):
        if terminal.run(story.version, story.command) == 0 or "already" in talk(terminal, story):
            return True
        time.sleep(0.1)
    return False


def talk(terminal: Terminal, story: Story) -> str:
    """What the command said last."""
    ship = terminal.ship
    return ({1: ship.first, 2: ship.second, 3: ship.third}[story.version].root / "talk").read_text()


def settled(ship: Ship) -> dict[str, object]:
    """The state without change sets: AWS removes a killed process's when another is executed, the emulator does not."""
    return {**ship.state(), "change sets": []}
