"""The types of handlers as JSON Schema, as OpenAPI 3.1 has it: draft 2020-12, with what has a name among components."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from lakon.runtime.http.validation import bare, fields_of

Schema = dict[str, Any]

PLACE = "#/components/schemas/"
_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    bytes: {"type": "string", "format": "binary"},
    dict: {"type": "object"},
    list: {"type": "array"},
}
_BY_TEXT: dict[tuple[str, str], Schema] = {
    ("datetime", "datetime"): {"type": "string", "format": "date-time"},
    ("datetime", "date"): {"type": "string", "format": "date"},
    ("datetime", "time"): {"type": "string", "format": "time"},
    ("uuid", "UUID"): {"type": "string", "format": "uuid"},
    ("decimal", "Decimal"): {"type": "number"},
}


class Schemas:
    """The schemas of a document: those of classes are gathered in `components`, and referred to."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; of one that says nothing, the schema that takes everything."""
        kind = bare(kind)
        if isinstance(kind, (type, types.NoneType)) and kind in _SCALARS:
            return dict(_SCALARS[kind])
        named = (getattr(kind, "__module__", ""), getattr(kind, "__name__", ""))
        if named in _BY_TEXT:
            return dict(_BY_TEXT[named])
        if isinstance(kind, type):
            if hasattr(kind, "model_json_schema"):
                return self._made_elsewhere(kind, kind.model_json_schema(ref_template=PLACE + "{model}"))
            if hasattr(kind, "__struct_fields__"):
                return self._msgspec(kind)
            if issubclass(kind, Enum) or is_dataclass(kind) or typing.is_typeddict(kind):
                return self._component(kind)
        return self._generic(typing.get_origin(kind) or kind, typing.get_args(kind))

    def _generic(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
            return {"type": "array", **({"items": self.of(arguments[0])} if arguments else {})}
        if origin is tuple:
            size = len(arguments)
            items = [self.of(each) for each in arguments]
            return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            values = self.of(arguments[1]) if len(arguments) == 2 else {}
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        return {}

    def _component(self, kind: Any) -> Schema:
        if kind not in self._names:
            name = self._names[kind] = self._free(kind.__name__)
            self.components[name] = {}  # the class may hold itself
            self.components[name] = self._enum(kind) if issubclass(kind, Enum) else self._object(kind)
        return {"$ref": PLACE + self._names[kind]}

    def _free(self, name: str) -> str:
        """A name that no other class has taken."""
        number, free = 1, name
        while free in self.components:
            number += 1
            free = f"{name}{number}"
        return free

    def _enum(self, kind: type[Enum]) -> Schema:
        return {"enum": [member.value for member in kind]}

    def _object(self, kind: Any) -> Schema:
        told = fields_of(kind)
        made: Schema = {"type": "object", "properties": {name: self.of(hint) for name, hint, _ in told}}
        if needed := [name for name, _, needed in told if needed]:
            made["required"] = needed
        if kind.__doc__ and not kind.__doc__.startswith((f"{kind.__name__}(", "dict(")):
            made["description"] = " ".join(kind.__doc__.split())
        return made

    def _made_elsewhere(self, kind: Any, schema: Schema) -> Schema:
        self.components.update(schema.pop("$defs", {}))
        if "$ref" in schema:
            return schema
        self.components[kind.__name__] = schema
        return {"$ref": PLACE + kind.__name__}

    def _msgspec(self, kind: Any) -> Schema:
        [made], components = sys.modules["msgspec"].json.schema_components((kind,), ref_template=PLACE + "{name}")
        self.components.update(components)
        return dict(made)
