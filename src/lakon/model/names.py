"""From what a user gives to what is kept: a name to a logical id, one value to a tuple. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar, overload

    Item = TypeVar("Item")


def logical_id(name: str, kind: str) -> str:
    """`("my-photos", "Bucket")` is `MyPhotosBucket`: readable, and the same as long as the name is.

    What is no text is refused by the commands, not here.
    """
    words = str(name).replace("_", "-").split("-")
    return "".join([word[:1].upper() + word[1:] for word in words]) + kind


if TYPE_CHECKING:

    @overload
    def several(value: str | Sequence[str]) -> tuple[str, ...]: ...

    @overload
    def several(value: Item | Sequence[Item]) -> tuple[Item, ...]: ...


def several(value: object) -> tuple[object, ...]:
    """One value or a list of them, as a tuple; a text is one value."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
