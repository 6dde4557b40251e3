"""Values that only CloudFormation knows, as strings that a program can pass around. Ships into Lambda.

A token's text marks the place where CloudFormation puts the value in: `${lakon:PhotosBucket.arn}`. It survives
f-strings, so `f"{photos.arn}/in/*"` means what it says; synth turns every marked place into an intrinsic function.
"""

from __future__ import annotations

from lakon.runtime.environment import DEFAULT_STAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

MARK = "${lakon:"


class Token(str):
    """The place of one attribute of one resource: `logical_id.attribute`."""

    __slots__ = ()

    def __new__(cls, logical_id: str, attribute: str) -> Token:
        """Mark the place of `attribute` ("arn", "Ref", "Endpoint.Address") of the resource `logical_id`."""
        return super().__new__(cls, f"{MARK}{logical_id}.{attribute}}}")


class Declaring:
    """While a command loads a program, handles answer with tokens and never from the environment.

    Otherwise a variable that happens to be set in the user's shell would end up as text in the template. `stage` is the
    one that the program is loaded for.
    """

    __slots__ = ("_before", "_stage")

    depth = 0
    stage = ""

    def __init__(self, stage: str = DEFAULT_STAGE) -> None:
        self._stage = stage
        self._before = ""

    def __enter__(self) -> None:
        Declaring.depth += 1
        self._before, Declaring.stage = Declaring.stage, self._stage

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        Declaring.depth -= 1
        Declaring.stage = self._before
