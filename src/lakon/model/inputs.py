"""What a service is given when it is provisioned: parameters of its template. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.origin import Origin


class Input:
    """A parameter of the template; made by `service.input`. Without a `default` every provision has to give it."""

    __slots__ = ("choices", "default", "description", "name", "origin")

    def __init__(
        self, name: str, origin: Origin, *, default: str | None, choices: tuple[str, ...], description: str
    ) -> None:
        self.name = name
        self.origin = origin
        self.default = default
        self.choices = choices
        self.description = description
