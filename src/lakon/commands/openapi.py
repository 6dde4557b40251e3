"""`lakon openapi`: an API of the program as an OpenAPI document, without asking AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakon.describe.openapi import openapi
from lakon.exceptions import UsageError
from lakon.model.routes import HttpFrontDoor

if TYPE_CHECKING:
    from lakon.commands.program import Program


def document(program: Program, name: str | None, *, version: str, server: str | None = None) -> dict[str, Any]:
    """The document of the API `name`, or of the only one. Raises UsageError where that is none, ProgramError."""
    apis = {api.id: api for api in program.service.apis if isinstance(api, HttpFrontDoor)}
    if not apis:
        raise UsageError("the program has no HTTP API", hint='Declare one: api = service.http_api("public")')
    if name is None and len(apis) > 1:
        raise UsageError(f"the program has {len(apis)} APIs", hint=f"Say which: {', '.join(apis)}")
    chosen = next(iter(apis)) if name is None else name
    if chosen not in apis:
        raise UsageError(f"the program has no API {chosen!r}", hint=f"It has {', '.join(apis)}.")
    with program.at_hand():
        return openapi(program.service, apis[chosen], root=str(program.root), version=version, server=server)
