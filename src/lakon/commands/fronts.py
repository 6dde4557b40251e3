"""The front doors of a program in the embedded AWS: their addresses, and opening them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.build.disk import write_atomically
from lakon.commands.places import aws_folder
from lakon.commands.sites import folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.commands.program import Program
    from lakon.local.front.declared import Address
    from lakon.model.service import Service
    from lakon.provision.session import Session
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """A front door that is open: its name and kind in the program, its address, and that of the page to try it."""

    name: str
    kind: str
    url: str
    page: str | None


def has_fronts(service: Service) -> bool:
    """Whether a program has front doors at all."""
    return bool(service.apis or service.sites or any(function.url for function in service.functions))


def addresses(program: Program, target: Target) -> dict[str, str]:
    """What the template says of front doors instead of what AWS would make: `"PublicHttpApi.url"` and its address."""
    if not _ours(program, target):
        return {}
    ports = _ports(program, target)
    return {
        f"{each.logical_id}.{attribute}": each.of(attribute, ports[each.logical_id])
        for each in _addresses(program.service)
        for attribute in each.attributes
    }


def fronts(program: Program, target: Target) -> tuple[FrontDoor, ...]:
    """The front doors, in the program's order."""
    if not _ours(program, target):
        return ()

    from lakon.model.routes import HttpFrontDoor  # not for programs without front doors

    ports = _ports(program, target)
    described = {api.logical_id for api in program.service.apis if isinstance(api, HttpFrontDoor)}
    return tuple(
        FrontDoor(
            each.name,
            each.kind,
            each.of("url", ports[each.logical_id]),
            f"http://127.0.0.1:{ports[each.logical_id]}/_lakon/" if each.logical_id in described else None,
        )
        for each in _addresses(program.service)
    )


def open_fronts(
    program: Program, target: Target, session: Session, *, reload: bool = False, build: str | None = None
) -> None:
    """Open the front doors of a stack that is up, and close those that it has no more.

    With `reload`, pages of its sites load again when their files are saved. What they are is kept for `build`, so that
    a rollback can open them again. LocalError when a port is taken.
    """
    if not target.local or target.endpoint_url is not None:
        return

    from lakon.local import daemon
    from lakon.local.front.declared import Known, plans
    from lakon.local.front.plan import to_json

    stack, folder = program.stack(target.stage), aws_folder(program, target)
    if not has_fronts(program.service):
        if daemon.had_doors(folder, stack):
            daemon.open_doors(folder, stack, [])
        return
    from lakon.provision import status  # not for `lakon build`, which asks AWS nothing

    seen = status.status(session, stack)
    outputs = seen.outputs
    ports = _ports(program, target)
    known = Known(
        stack=stack,
        account=session.account,
        region=session.region,
        ports=ports,
        physical={each.logical_id: each.physical_id or "" for each in seen.resources},
        outputs=outputs,
        keys=_keys(session, outputs, program.service),
        folders={site.id: folder_of(program, site) for site in program.service.sites},
        openapi=_documents(program, ports),
        reload=reload,
    )
    made = plans(program.service, known)
    daemon.open_doors(folder, stack, made)
    if build is not None:
        kept = _kept(folder, stack, build)
        kept.parent.mkdir(exist_ok=True)
        write_atomically(kept, json.dumps([to_json(plan) for plan in made]).encode())


def reopen_fronts(program: Program, target: Target, build: str) -> None:
    """Open the front doors that the stack had when it was `build`, and close all others."""
    if not target.local or target.endpoint_url is not None:
        return

    from lakon.local import daemon
    from lakon.local.front.plan import from_json

    stack, folder = program.stack(target.stage), aws_folder(program, target)
    kept = _kept(folder, stack, build)
    made = [from_json(plan) for plan in json.loads(kept.read_bytes())] if kept.exists() else []
    if made or daemon.had_doors(folder, stack):
        daemon.open_doors(folder, stack, made)


def forget_fronts(program: Program, target: Target) -> None:
    """Close the front doors of a stack, and forget those that it ever had."""
    from lakon.local import daemon

    stack, folder = program.stack(target.stage), aws_folder(program, target)
    daemon.open_doors(folder, stack, [])
    for kept in _kept(folder, stack, "").parent.glob(f"{stack}.*.json"):
        kept.unlink(missing_ok=True)


def _kept(folder: Path, stack: str, build: str) -> Path:
    return folder / "doors" / f"{stack}.{build}.json"


def _ours(program: Program, target: Target) -> bool:
    return target.local and target.endpoint_url is None and has_fronts(program.service)


def _addresses(service: Service) -> list[Address]:
    from lakon.local.front.declared import addresses  # not for programs without front doors

    return addresses(service)


def _ports(program: Program, target: Target) -> dict[str, int]:
    from lakon.local import daemon
    from lakon.local.front.ports import assign

    folder = aws_folder(program, target)
    names = [each.logical_id for each in _addresses(program.service)]
    return assign(folder, program.stack(target.stage), names, running=daemon.find(folder) is not None)


def _keys(session: Session, outputs: Mapping[str, str], service: Service) -> dict[str, str]:
    """The values of the API keys of usage plans, by their ids."""
    from lakon.model.gateways import RestApi

    if not any(isinstance(api, RestApi) and api.usage_plans for api in service.apis):
        return {}
    gateway = session.plain("apigateway")
    ids = [value for name, value in outputs.items() if name.endswith("ApiKeyId")]
    return {each: gateway.get_api_key(apiKey=each, includeValue=True)["value"] for each in ids}


def _documents(program: Program, ports: Mapping[str, int]) -> dict[str, str]:
    """The OpenAPI document of each HTTP front door, by its id."""
    from lakon.describe.openapi import openapi
    from lakon.model.routes import HttpFrontDoor

    found = {each.logical_id: each for each in _addresses(program.service)}
    with program.at_hand():
        return {
            api.id: json.dumps(
                openapi(
                    program.service,
                    api,
                    root=str(program.root),
                    version="1",
                    server=found[api.logical_id].of("url", ports[api.logical_id]),
                )
            )
            for api in program.service.apis
            if isinstance(api, HttpFrontDoor)
        }
