"""What a function may touch. Ships into Lambda: grants remember; synth knows the IAM actions behind them."""

from __future__ import annotations

from lakon.model.names import several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lakon.model.function import Function
    from lakon.model.resource import Resource


class Grant:
    """`access` ("read", "write", "send", ...) to one resource of the service; made by its handle: `photos.read`."""

    __slots__ = ("access", "resource")

    def __init__(self, resource: Resource, access: str) -> None:
        self.resource = resource
        self.access = access


class Allow:
    """IAM actions in the user's own words; made by `lakon.allow`."""

    __slots__ = ("actions", "condition", "resources")

    def __init__(
        self,
        actions: tuple[str, ...],
        resources: tuple[str, ...],
        condition: Mapping[str, Mapping[str, object]] | None,
    ) -> None:
        self.actions = actions
        self.resources = resources
        self.condition = condition


class Invoke:
    """The right to invoke another function of the service; made by `lakon.invoke`."""

    __slots__ = ("function",)

    def __init__(self, function: Function | Callable[..., object] | str) -> None:
        self.function = function


def allow(
    actions: str | Sequence[str],
    resources: str | Sequence[str],
    *,
    condition: Mapping[str, Mapping[str, object]] | None = None,
) -> Allow:
    """Allow IAM `actions` on `resources`, both one string or several; `"*"` only where you write it.

    Resources are ARNs; a handle's attributes may stand in them: `lakon.allow("s3:GetObject", f"{photos.arn}/in/*")`.
    `condition` is an IAM condition block. See the IAM JSON policy reference.
    """
    return Allow(several(actions), several(resources), condition)


def invoke(function: Function | Callable[..., object] | str) -> Invoke:
    """Allow to invoke another function of this service: the decorated function, what `go_function` returned, or a name.

    The function that may do it finds the other's name in `<NAME>_FUNCTION_NAME`.
    """
    return Invoke(function)
