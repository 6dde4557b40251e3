"""Values that only CloudFormation knows, as strings that a program can pass around. Ships into Lambda.

A token's text marks the place where CloudFormation puts the value in: `${lakon:PhotosBucket.arn}`. It survives
f-strings, so `f"{photos.arn}/in/*"` means what it says; synth turns every marked place into an intrinsic function.
"""

from __future__ import annotations

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

    Otherwise a variable that happens to be set in the user's shell would end up as text in the template.
    """

    __slots__ = ()

    depth = 0

    def __enter__(self) -> None:
        Declaring.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        Declaring.depth -= 1
