"""Logs: several groups as one stream, in order, each line once, ended by Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lakon.provision.logs import read

from .conftest import Child

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import World

FOLLOWER = """
import sys
from lakon.provision.logs import read
from lakon.provision.session import Session
from lakon.settings import Target

endpoint, group, missing = sys.argv[1:]
session = Session(Target(endpoint_url=endpoint, region="eu-west-1", local=True))
for line in read(session, {"stamp": group, "later": missing}, since=60, follow=True, pattern=None):
    print(line.group, line.message)
print("ended")
"""


def write(world: World, group: str, *messages: tuple[int, str]) -> None:
    """Write messages to the group: milliseconds ago, text."""
    logs = world.session.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now - ago, "message": text} for ago, text in messages],
    )


def test_groups_are_merged_in_order_of_time(world: World) -> None:
    one, two = f"/one/{world.name}", f"/two/{world.name}"
    write(world, one, (5000, "first\n"), (3000, "third"))
    write(world, two, (4000, "second"), (2000, "fourth"))

    lines = list(read(world.session, {"one": one, "two": two, "none": "/none"}, since=60, follow=False, pattern=None))

    assert [(line.group, line.message) for line in lines] == [
        ("one", "first"),
        ("two", "second"),
        ("one", "third"),
        ("two", "fourth"),
    ]
    assert {line.stream for line in lines} == {"s"}


def test_since_and_pattern(world: World) -> None:
    group = f"/group/{world.name}"
    write(world, group, (100_000, "error: old"), (3000, "fine"), (2000, "error: new"))

    lines = read(world.session, {"g": group}, since=60, follow=False, pattern='"error"')

    assert [line.message for line in lines] == ["error: new"]


def test_follow_shows_each_line_once_and_ends_with_ctrl_c(
    world: World, emulator: str, tmp_path: Path, child: list[Child]
) -> None:
    script = tmp_path / "follower.py"
    script.write_text(FOLLOWER)
    group, later = f"/follow/{world.name}", f"/later/{world.name}"
    write(world, group, (2000, "before"))
    follower = Child(script, emulator, group, later)
    child.append(follower)

    assert follower.read_until("before") == "stamp before\n"
    write(world, group, (0, "after"))
    assert follower.read_until("after") == "stamp after\n"
    write(world, later, (0, "a group that came later"))
    assert follower.read_until("later") == "later a group that came later\n"

    time.sleep(0.5)  # until it waits for more
    code, rest = follower.interrupt()
    assert (code, rest) == (0, "ended\n")
