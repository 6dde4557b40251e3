"""How rooms speak to whoever runs them. Rooms never print; the terminal is one implementation of `Reporter`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """One resource of a stack changed its state, as CloudFormation tells it."""

    logical_id: str
    resource_type: str
    status: str
    reason: str | None = None


class Step(Protocol):
    """A slow thing that is going on."""

    def update(self, detail: str) -> None:
        """Say how far it is: one short line that replaces the last."""


class Reporter(Protocol):
    """What a room can say while it works."""

    def step(self, what: str) -> AbstractContextManager[Step]:
        """Begin a slow thing, named by `what` ("installing dependencies"); it ends with the block."""

    def note(self, text: str) -> None:
        """Say something worth knowing."""

    def warn(self, text: str, hint: str | None = None) -> None:
        """Say something that is not as the user would expect, and what to do about it."""

    def resource(self, event: ResourceEvent) -> None:
        """Tell that a resource changed its state."""


class _SilentStep:
    def update(self, detail: str) -> None:
        """Say nothing."""


class Silent:
    """A reporter that says nothing: for programs and tests that only want results."""

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:  # noqa: ARG002 - the protocol's parameter
        """Say nothing, and let the block run."""
        yield _SilentStep()

    def note(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str, hint: str | None = None) -> None:
        """Say nothing."""

    def resource(self, event: ResourceEvent) -> None:
        """Say nothing."""
