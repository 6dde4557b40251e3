"""From plain JSON to the types that handlers ask for, with every fault named. Ships into Lambda.

Dataclasses and TypedDicts, and what stands in them, are checked here; msgspec and pydantic models by themselves.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

# where ("body", "query", "path"), the field ("items.0.price"), what is wrong with it
Faults = list[tuple[str, str, str]]
# the value, where, the field, the faults so far, and whether texts stand for numbers and flags
Decoder = Callable[[Any, str, str, Faults, bool], Any]

_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")  # of `typing`, or of `typing_extensions` where that has none
_SCALARS = (str, int, float, bool)
_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_BY_TEXT = {
    ("datetime", "datetime"): ("a date and time such as 2026-01-31T18:00:00Z", "fromisoformat"),
    ("datetime", "date"): ("a date such as 2026-01-31", "fromisoformat"),
    ("datetime", "time"): ("a time such as 18:00:00", "fromisoformat"),
    ("uuid", "UUID"): ("a UUID", ""),
    ("decimal", "Decimal"): ("a number", ""),
}


def resolved(annotation: Any, handler: Any) -> Any:
    """An annotation as a type; a text is looked up where the handler stands. TypeError when it names nothing."""
    if not isinstance(annotation, str):
        return annotation
    function = getattr(handler, "func", handler)  # of functools.partial
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if not hasattr(function, "__globals__"):
        function = getattr(function, "__func__", type(function).__call__)
    try:
        return eval(annotation, getattr(function, "__globals__", {}))  # noqa: S307 - the program's own annotation
    except NameError as error:
        raise TypeError(
            f"{getattr(handler, '__qualname__', handler)} asks for {annotation}, and {error}: "
            "import it outside of `if TYPE_CHECKING`"
        ) from error


def is_scalar(kind: Any) -> bool:
    """Whether one text can stand for it: numbers, flags, dates, choices, and these or nothing."""
    kind = bare(kind)
    if kind in _SCALARS or _named(kind) in _BY_TEXT:
        return True
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return True
    if origin in (typing.Union, types.UnionType):
        return all(each is type(None) or is_scalar(each) for each in typing.get_args(kind))
    return isinstance(kind, type) and hasattr(kind, "_value2member_map_")


def listed(kind: Any) -> bool:
    """Whether it is a list, set or tuple of what one text can stand for, as repeated parameters of a query are.

    Or nothing: such a list, or None.
    """
    kind = bare(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        others = [each for each in arguments if each is not type(None)]
        return len(others) == 1 and listed(others[0])
    if origin is tuple and arguments[1:] != (...,):
        return False
    return origin in (list, set, tuple, frozenset) and is_scalar(arguments[0])


def decoder(kind: Any) -> Decoder:
    """What checks and converts values for a type. Raises TypeError for a type that JSON cannot be made into."""
    kind = bare(kind)
    if kind is Any or kind is object:
        return _anything
    if kind in _SCALARS:
        return _scalar(kind)
    if kind is None or kind is type(None):
        return _nothing
    if _named(kind) in _BY_TEXT:
        return _by_text(kind, *_BY_TEXT[_named(kind)])
    if isinstance(kind, type):
        if hasattr(kind, "__pydantic_validator__"):
            return _pydantic(kind)
        if hasattr(kind, "__struct_fields__"):
            return _msgspec(kind)
        if hasattr(kind, "_value2member_map_"):
            return _one_of({member.value: member for member in kind})  # type: ignore[attr-defined]  # an Enum
        if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__total__"):
            return _object(kind)
    return _generic(kind, typing.get_origin(kind) or kind, typing.get_args(kind))


def _generic(kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Decoder:
    if origin is typing.Literal:
        return _one_of({each: each for each in arguments})
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return _items(origin, decoder(arguments[0] if arguments else Any))
    if origin is tuple:
        return _tuple([decoder(each) for each in arguments])
    if origin is dict or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return _mapping(decoder(arguments[1] if arguments else Any))
    raise TypeError(f"a handler asks for {kind!r}, which Lakon cannot make from a request")


def bare(kind: Any) -> Any:
    """The type without what only says something about it: Annotated, Required, NewType, a type alias."""
    while True:
        if hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif hasattr(kind, "__value__") and not isinstance(kind, type):
            kind = kind.__value__
        elif _qualifier(kind):
            kind = typing.get_args(kind)[0]
        else:
            return kind


def fields_of(kind: Any) -> list[tuple[str, Any, bool]]:
    """The fields that a dataclass or TypedDict is made of: name, type, and whether it must be there."""
    hints = typing.get_type_hints(kind, include_extras=True)
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import MISSING, fields

        return [
            (each.name, hints[each.name], each.default is MISSING and each.default_factory is MISSING)
            for each in fields(kind)
            if each.init
        ]
    return [(name, hint, _is_required(hint, name in kind.__required_keys__)) for name, hint in hints.items()]


def _is_required(hint: Any, by_class: bool) -> bool:
    """Whether a key of a TypedDict must be there: its class cannot see what annotations say that are texts."""
    while word := _qualifier(hint):
        if word in ("Required", "NotRequired"):
            return word == "Required"
        hint = typing.get_args(hint)[0]
    return by_class


def _qualifier(kind: Any) -> str:
    """The word that says something about a type; empty where it is a type."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return "Annotated"
    word = getattr(origin, "_name", "")
    return word if word in _QUALIFIERS else ""


def _named(kind: Any) -> tuple[str, str]:
    return getattr(kind, "__module__", ""), getattr(kind, "__name__", "")


def inner(field: str, name: object) -> str:
    """The name of a field within a field: `items.0.price`."""
    return f"{field}.{name}" if field else str(name)


_SAID = {str: "must be a text", int: "must be a whole number", float: "must be a number", bool: "must be true or false"}


def _scalar(kind: type) -> Decoder:
    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        given = type(value)
        if given is kind:
            return value
        if kind is float and given is int:
            return float(value)
        if kind is int and given is float and value.is_integer():
            return int(value)
        if lax and given is str:
            if kind is bool and value.lower() in _FLAGS:
                return _FLAGS[value.lower()]
            if kind in (int, float) and value.isascii() and "_" not in value:
                try:
                    return kind(value)
                except ValueError:
                    pass
        faults.append((where, field, _SAID[kind]))
        return None

    return decode


def _anything(value: Any, *_: Any) -> Any:
    return value


def _nothing(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
    if value is not None and not (lax and value == ""):
        faults.append((where, field, "must be null"))


def _by_text(kind: Any, said: str, method: str) -> Decoder:
    make = getattr(kind, method) if method else kind

    def decode(value: Any, where: str, field: str, faults: Faults, _: bool) -> Any:
        if isinstance(value, str) or (isinstance(value, (int, float)) and kind.__name__ == "Decimal"):
            try:
                if sys.version_info < (3, 11) and method and isinstance(value, str):
                    value = value.removesuffix("Z") + ("+00:00" if value.endswith("Z") else "")
                return make(str(value))
            except (ValueError, ArithmeticError):
                pass
        faults.append((where, field, f"must be {said}"))
        return None

    return decode


def _one_of(choices: dict[Any, Any]) -> Decoder:
    said = "must be one of " + ", ".join(str(each) for each in choices)

    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        for choice, meant in choices.items():
            if (type(choice) is type(value) and choice == value) or (lax and str(choice) == value):
                return meant
        faults.append((where, field, said))
        return None

    return decode


def _union(kinds: tuple[Any, ...]) -> Decoder:
    decoders = [decoder(kind) for kind in sorted(kinds, key=lambda kind: kind is str)]

    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        tried: list[Faults] = []
        for each in decoders:
            found: Faults = []
            decoded = each(value, where, field, found, lax)
            if not found:
                return decoded
            if each is not _nothing:
                tried.append(found)
        # of several kinds, the one that the value came furthest into is meant
        tried.sort(key=lambda found: (found[0][1] == field, len(found)))
        faults.extend(tried[0] if tried else [(where, field, "must be null")])
        return None

    return decode


def _items(kind: Any, each: Decoder) -> Decoder:
    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        if lax and isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            faults.append((where, field, "must be a list"))
            return None
        items = [each(item, where, inner(field, place), faults, lax) for place, item in enumerate(value)]
        return items if kind is list else kind(items)

    return decode


def _tuple(decoders: list[Decoder]) -> Decoder:
    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        if not isinstance(value, list) or len(value) != len(decoders):
            faults.append((where, field, f"must be a list of {len(decoders)}"))
            return None
        return tuple(
            each(item, where, inner(field, place), faults, lax)
            for place, (each, item) in enumerate(zip(decoders, value, strict=True))
        )

    return decode


def _mapping(each: Decoder) -> Decoder:
    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        if not isinstance(value, dict):
            faults.append((where, field, "must be an object"))
            return None
        return {name: each(item, where, inner(field, name), faults, lax) for name, item in value.items()}

    return decode


def _fields(fields: list[tuple[str, str, Decoder, bool]], make: Callable[[dict[str, Any]], Any]) -> Decoder:
    """Decode an object by its fields: the name in JSON, the name in Python, its decoder, whether it must be there."""

    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        if not isinstance(value, dict):
            faults.append((where, field, "must be an object"))
            return None
        before = len(faults)
        found = {}
        for name, own, each, needed in fields:
            if name in value:
                found[own] = each(value[name], where, inner(field, name), faults, lax)
            elif needed:
                faults.append((where, inner(field, name), "is missing"))
        if len(faults) > before:
            return None
        try:
            return make(found)
        except ValueError as error:
            faults.append((where, field, str(error)))
            return None

    return decode


class _Later:
    """A decoder of a type that holds itself: made once it is needed."""

    def __init__(self) -> None:
        self.decode: Decoder | None = None

    def __call__(self, value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        assert self.decode is not None  # noqa: S101 - set before any value comes
        return self.decode(value, where, field, faults, lax)


_known: dict[Any, Decoder] = {}


def _once(kind: Any, make: Callable[[], Decoder]) -> Decoder:
    """The decoder of a class, made once, also where the class holds itself."""
    if kind not in _known:
        later = _known[kind] = _Later()
        try:
            later.decode = make()
        except BaseException:
            del _known[kind]  # it is told again to whoever asks again
            raise
    return _known[kind]


def _object(kind: Any) -> Decoder:
    """The decoder of a dataclass or TypedDict."""

    def make() -> Decoder:
        told = [(name, name, decoder(hint), needed) for name, hint, needed in fields_of(kind)]
        return _fields(told, lambda found: kind(**found))

    return _once(kind, make)


def _pydantic(kind: Any) -> Decoder:
    def decode(value: Any, where: str, field: str, faults: Faults, _: bool) -> Any:
        try:
            return kind.model_validate(value)
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            for each in error.errors():
                place = field
                for name in each["loc"]:
                    place = inner(place, name)
                faults.append((where, place, each["msg"]))
            return None

    return decode


def _msgspec(kind: Any) -> Decoder:
    """Let msgspec decide, which tells one fault; all are found by going through the fields as of a dataclass."""

    def every(value: Any, where: str, field: str, found: Faults, lax: bool) -> None:
        hints = typing.get_type_hints(kind, include_extras=True)
        optional = len(kind.__struct_defaults__)
        names = list(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
        first_optional = len(names) - optional
        told = [(name, own, decoder(hints[own]), place < first_optional) for place, (name, own) in enumerate(names)]
        _fields(told, lambda found: found)(value, where, field, found, lax)

    def decode(value: Any, where: str, field: str, faults: Faults, lax: bool) -> Any:
        import msgspec  # type: ignore[import-not-found, unused-ignore]  # the program's own: it made `kind`

        try:
            return msgspec.convert(value, kind, strict=not lax)
        except msgspec.ValidationError as error:
            found: Faults = []
            every(value, where, field, found, lax)
            faults.extend(found or [(where, field, str(error))])
            return None

    return decode
