"""Every call of every command fails in turn, in every way; then the command is run again, and all is as it should be.

A sample of that is taken unless LAKON_FAULTS is "all".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import CredentialsError, LakonError

from .proxy import KINDS, Fault
from .sampling import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from .proxy import Kind
    from .service import Ship

EVERY: tuple[Kind, ...] = (*KINDS, "expired")


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


COMMANDS = (create, update, code_only, roll_back, flip, flip_again, delete)


@pytest.mark.parametrize(
    ("prepare", "kind"),
    sampled([(each, kind) for each in COMMANDS for kind in EVERY], 0.01, 0.18, 0.34, 0.5, 0.66, 0.74, 0.98),
)
def test_run_again(ship: Ship, prepare: Callable[[Ship], Callable[[], None]], kind: Kind) -> None:
    wanted, calls = undisturbed(ship.anew(), prepare)
    wrong = []
    for number in sampled(range(len(calls)), COMMANDS.index(prepare) / len(COMMANDS)):
        one = ship.anew()
        told = failed(one, prepare(one), Fault(number, kind, onwards=kind == "expired"))
        found = one.state()
        if kind == "expired":  # AWS removes the change sets of others when one is executed, the emulator does not
            found["change sets"] = []
        if found != wanted:
            wrong.append(f"{kind} at call {number} ({calls[number]}), {told}:\n{found}\n")
        one.clear()
    assert not wrong, f"undisturbed:\n{wanted}\n\n" + "\n".join(wrong)


def failed(ship: Ship, act: Callable[[], None], fault: Fault) -> str:
    """Do it with the fault, and once more without; what was told the first time."""
    ship.proxy.begin(fault)
    try:
        act()
        told = "it went well"
    except LakonError as error:
        told = str(error)
        assert fault.kind != "expired" or isinstance(error, CredentialsError) or "has expired" in told, told
    finally:
        ship.proxy.begin()
    act()
    return told


def undisturbed(ship: Ship, prepare: Callable[[Ship], Callable[[], None]]) -> tuple[object, list[str]]:
    """The state that the command leads to, and the calls it makes."""
    act = prepare(ship)
    ship.proxy.begin()
    act()
    calls = ship.proxy.calls
    ship.proxy.begin()
    state = ship.state()
    ship.clear()
    return state, calls


def test_what_cloudformation_never_touched_stays_as_it_is(ship: Ship) -> None:
    one = ship.anew()
    again = flip_again(one)
    before = one.state()
    one.proxy.begin(Fault(None, "error", named="CreateChangeSet"))
    with pytest.raises(LakonError):
        again()
    one.proxy.begin()
    assert one.state() == before
