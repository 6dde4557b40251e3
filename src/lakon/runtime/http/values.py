"""What stands in a query or a form: parameters by name, files. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Multi:
    """Parameters by name, each with one value or several: of a query or a form. `[...]` gives the first."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Multi) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # as of dicts

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value, or `default` where there is none."""
        values = self._values.get(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Every value, in the order of the request."""
        return self._values.get(name, [])

    def items(self) -> list[tuple[str, str]]:
        """Every name with every value of it."""
        return [(name, value) for name, values in self._values.items() for value in values]


class Form(Multi):
    """The fields of a form, and the `files` that came with it."""

    __slots__ = ("files",)

    def __init__(self, values: dict[str, list[str]], files: dict[str, list[File]]) -> None:
        super().__init__(values)
        self.files = files


class File:
    """A file that came with a form: the name it had, its content type, its bytes."""

    __slots__ = ("content", "name", "type")

    def __init__(self, name: str, type: str, content: bytes) -> None:
        self.name = name
        self.type = type
        self.content = content

    def __repr__(self) -> str:
        return f"<file {self.name!r}, {self.type}, {len(self.content)} bytes>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and (self.name, self.type, self.content) == (
            other.name,
            other.type,
            other.content,
        )

    __hash__ = None  # type: ignore[assignment]  # as of dicts


def parameter(header: str, name: str) -> str | None:
    """A parameter of a header such as `text/html; charset=utf-8`."""
    rest = header.partition(";")[2]
    while rest:
        key, equals, rest = rest.partition("=")
        rest = rest.lstrip()
        value, rest = _quoted_string(rest) if rest.startswith('"') else rest.partition(";")[::2]
        if equals and key.strip(" ;").lower() == name:
            return value.strip()
    return None


def _quoted_string(text: str) -> tuple[str, str]:
    """What stands between the quotes that a text begins with, and what comes behind."""
    letters, place = [], 1
    while place < len(text) and text[place] != '"':
        if text[place] == "\\" and text[place + 1 : place + 2] in ('"', "\\"):
            place += 1
        letters.append(text[place])
        place += 1
    return "".join(letters), text[place + 1 :]


def parse_query(text: str) -> dict[str, list[str]]:
    """The parameters of a query string, decoded; a name without `=` has an empty value."""
    values: dict[str, list[str]] = {}
    decoded = _unquoted if "%" in text or "+" in text else str
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values.setdefault(decoded(name), []).append(decoded(value))
    return values


def _unquoted(text: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(text)
