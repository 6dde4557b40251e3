"""The JSON that a handler asks for, as a schema by which API Gateway refuses bodies: draft 4 of JSON Schema.

A schema refuses nothing that the handler would take. See "Data models for REST APIs in API Gateway".
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lakon.runtime.http.application import names_of
from lakon.runtime.http.arguments import parameters
from lakon.runtime.http.handlers import Mount, parameters_of
from lakon.runtime.http.validation import bare, fields_of

if TYPE_CHECKING:
    from lakon.model.routes import Route
    from lakon.synth.template import Properties

_DRAFT = "http://json-schema.org/draft-04/schema#"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def body_schema(route: Route) -> Properties | None:
    """The schema of the body that a route's handler asks for by annotation; None where it asks for none.

    Raises TypeError for a handler whose parameters can come from nowhere.
    """
    handler = route.handler
    if handler is None or isinstance(handler, Mount):
        return None
    for parameter in parameters(handler, parameters_of(handler), names_of(route.path)):
        if parameter.source == "body":
            return {"$schema": _DRAFT, **_schema(parameter.type, ())}
    return None


def _schema(kind: Any, within: tuple[Any, ...]) -> Properties:
    """The schema of a type; of one that holds itself, anything goes where it does."""
    kind = bare(kind)
    if kind in within:
        return {}
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if hasattr(kind, "model_json_schema"):
        return dict(_drafted(kind.model_json_schema()))
    if hasattr(kind, "__struct_fields__"):
        return dict(_drafted(sys.modules["msgspec"].json.schema(kind)))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if isinstance(kind, type) and (is_dataclass(kind) or typing.is_typeddict(kind)):
        return _object(kind, (*within, kind))
    return _generic(typing.get_origin(kind) or kind, typing.get_args(kind), within)


def _generic(origin: Any, arguments: tuple[Any, ...], within: tuple[Any, ...]) -> Properties:
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(each, within) for each in arguments]}
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return {"type": "array", **({"items": _schema(arguments[0], within)} if arguments else {})}
    if origin is tuple:
        return {"type": "array", "minItems": len(arguments), "maxItems": len(arguments)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        values = _schema(arguments[1], within) if len(arguments) == 2 else {}
        return {"type": "object", **({"additionalProperties": values} if values else {})}
    return {}


def _object(kind: Any, within: tuple[Any, ...]) -> Properties:
    told = fields_of(kind)
    schema: Properties = {
        "type": "object",
        "properties": {name: _schema(hint, within) for name, hint, _ in told},
    }
    if needed := [name for name, _, needed in told if needed]:
        schema["required"] = needed
    return schema


def _drafted(schema: Any) -> Any:
    """A schema of a later draft in the words of draft 4."""
    if isinstance(schema, list):
        return [_drafted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {"definitions" if key == "$defs" else key: _drafted(value) for key, value in schema.items()}
    if isinstance(told.get("$ref"), str):
        told["$ref"] = told["$ref"].replace("#/$defs/", "#/definitions/")
    if "const" in told:
        told["enum"] = [told.pop("const")]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(told.get(bound), (int, float)) and not isinstance(told[bound], bool):
            told[limit], told[bound] = told[bound], True
    return told
