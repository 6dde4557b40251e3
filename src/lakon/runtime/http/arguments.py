"""From a request to the arguments of a handler, by the names and annotations of its parameters. Ships into Lambda.

A parameter of the path has its name; a dataclass, TypedDict, msgspec or pydantic model, or a list or dict of such, is
the body; a number, text, flag, date and the like is a parameter of the query.
"""

from __future__ import annotations

from lakon.runtime.http.request import Request, is_request
from lakon.runtime.http.response import HTTPError
from lakon.runtime.http.validation import Faults, decoder, is_scalar, listed, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Argument = Callable[[Request, Faults], Any]


class Parameter:
    """One parameter of a handler: its name, its type, whether it must be there, and where it comes from.

    `source` is "request", "path", "query", "body" (JSON, or a form) or "raw" (the body as bytes).
    """

    __slots__ = ("default", "name", "source", "type")

    def __init__(self, name: str, type: Any, default: Any, source: str) -> None:
        self.name = name
        self.type = type
        self.default = default
        self.source = source


def parameters(handler: Any, told: list[tuple[str, Any, Any]], names: tuple[str, ...]) -> list[Parameter]:
    """What a handler asks for. Raises TypeError for a parameter that can come from nowhere."""
    found = []
    for name, annotation, default in told:
        if is_request(name, annotation, names, alone=len(told) == 1):
            found.append(Parameter(name, Request, ..., "request"))
            continue
        if annotation is ... and default is not ... and name not in names:
            continue  # the handler's own affair
        kind = str if annotation is ... else resolved(annotation, handler)
        if name in names:
            source = "path"
        elif annotation is ...:
            raise TypeError(
                f"{getattr(handler, '__qualname__', handler)} has the parameter {name!r}, which is not in its path: "
                "annotate it to take it from the query or the body"
            )
        elif kind is Request:
            source = "request"
        elif kind is bytes:
            source = "raw"
        else:
            source = "query" if is_scalar(kind) or listed(kind) else "body"
        found.append(Parameter(name, kind, default, source))
    return found


def filled(handler: Any, told: list[tuple[str, Any, Any]], names: tuple[str, ...]) -> Callable[[Request], Any]:
    """Call `handler` with its arguments; a 422 names everything that is wrong with them, at once."""
    makers = [(each.name, _argument(each)) for each in parameters(handler, told, names)]

    def call(request: Request) -> Any:
        faults: Faults = []
        arguments = {name: make(request, faults) for name, make in makers}
        if faults:
            errors = [{"in": where, "field": field, "message": message} for where, field, message in faults]
            told = "; ".join(f"{error['field'] or error['in']} {error['message']}" for error in errors)
            raise HTTPError(422, told, errors=errors)
        return handler(**arguments)

    return call


def _argument(parameter: Parameter) -> Argument:
    name, default = parameter.name, parameter.default
    if parameter.source == "request":
        return lambda request, _: request
    if parameter.source == "raw":
        return lambda request, _: request.body
    decode = decoder(parameter.type)
    if parameter.source == "path":
        return lambda request, faults: decode(request.path[name], "path", name, faults, True)
    if parameter.source == "body":
        return _body(parameter)

    several = listed(parameter.type)

    def from_query(request: Request, faults: Faults) -> Any:
        if name in request.query:
            value: Any = request.query.all(name) if several else request.query[name]
            return decode(value, "query", name, faults, True)
        if default is ...:
            faults.append(("query", name, "is missing"))
        return None if default is ... else default

    return from_query


def _body(parameter: Parameter) -> Argument:
    decode, default = decoder(parameter.type), parameter.default

    def from_body(request: Request, faults: Faults) -> Any:
        if not request.body:
            if default is ...:
                faults.append(("body", "", "is missing"))
            return None if default is ... else default
        kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            form = request.form
            fields: dict[str, Any] = {
                name: values[0] if len(values := form.all(name)) == 1 else values for name in form
            }
            return decode(fields, "body", "", faults, True)
        return decode(request.json(), "body", "", faults, False)

    return from_body
