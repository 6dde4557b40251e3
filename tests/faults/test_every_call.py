"""Every call of every command fails in turn, in every way; then the command is run again, and all is as it should be.

A sample of that is taken unless LAKON_FAULTS is "all".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import LakonError

from .proxy import KINDS, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .proxy import Kind
    from .service import Ship

SAMPLE = 3  # faults of a command, unless all are wanted


def create(ship: Ship) -> Callable[[], None]:
    return lambda: ship.put(ship.first)


def update(ship: Ship) -> Callable[[], None]:
    ship.put(ship.first)
    return lambda: ship.put(ship.second)


def code_only(ship: Ship) -> Callable[[], None]:
    ship.put(ship.first)
    return ship.code_only


def roll_back(ship: Ship) -> Callable[[], None]:
    ship.put(ship.first)
    build = ship.first_build()
    ship.put(ship.second)
    return lambda: ship.rollback(build)


def flip(ship: Ship) -> Callable[[], None]:
    ship.put(ship.first, stubs=True)
    return lambda: ship.flip(ship.first)


def flip_again(ship: Ship) -> Callable[[], None]:
    """Settings and code of a live function without a bucket."""
    ship.put(ship.first, stubs=True)
    ship.flip(ship.first)
    return lambda: ship.put(ship.second, stubs=True)


def delete(ship: Ship) -> Callable[[], None]:
    ship.put(ship.first)
    return ship.delete


@pytest.mark.parametrize("prepare", [create, update, code_only, roll_back, flip, flip_again, delete])
def test_run_again(ship: Ship, prepare: Callable[[Ship], Callable[[], None]]) -> None:
    wanted, calls = undisturbed(ship.anew(), prepare)
    wrong, failed = [], 0
    for number, kind in chosen(len(calls), prepare.__name__):
        one = ship.anew()
        act = prepare(one)
        one.proxy.begin(Fault(number, kind))
        try:
            act()
            told = "it went well"
        except LakonError as error:
            told, failed = str(error), failed + 1
        one.proxy.begin()
        act()
        if one.state() != wanted:
            wrong.append(f"{kind} at call {number} ({calls[number]}), {told}:\n{one.state()}\n")
    assert failed, "some of the faults were felt"
    assert not wrong, f"undisturbed:\n{wanted}\n\n" + "\n".join(wrong)


def undisturbed(ship: Ship, prepare: Callable[[Ship], Callable[[], None]]) -> tuple[object, list[str]]:
    """The state that the command leads to, and the calls it makes."""
    act = prepare(ship)
    ship.proxy.begin()
    act()
    calls = ship.proxy.calls
    ship.proxy.begin()
    return ship.state(), calls


def chosen(count: int, name: str) -> Iterator[tuple[int, Kind]]:
    """The faults to try: all, or a few that are spread over calls and kinds, others for each command."""
    every = [(number, kind) for number in range(count) for kind in KINDS]
    if os.environ.get("LAKON_FAULTS") == "all":
        yield from every
        return
    step = len(every) // SAMPLE + 1
    step += 1 - step % 2  # odd: so that all kinds come
    yield from every[len(name) % step :: step]
