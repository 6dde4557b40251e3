"""What the host knows of a function: one version's configuration, as the Lambda API names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Function:
    """One version of a function.

    `timeout` is in seconds, `memory` and `storage` (of /tmp) in MB; `code` and `layers` are SHA-256 digests of
    archives.

    `key` names the version whatever its configuration, `fingerprint` changes with any of it.
    """

    key: str
    fingerprint: str
    name: str
    version: str
    runtime: str
    handler: str
    timeout: int
    memory: int
    code: str
    layers: tuple[str, ...]
    environment: Mapping[str, str] = field(hash=False)
    log_group: str
    log_format: str
    log_level: str | None
    system_log_level: str
    storage: int
    snap_start: bool
    tracing: bool
    account: str
    region: str

    @property
    def python(self) -> str | None:
        """The Python version ("3.12") of a managed Python runtime, else None."""
        return self.runtime.removeprefix("python") if self.runtime.startswith("python") else None


class Call(NamedTuple):
    """One invocation as it was asked for. `function_arn` carries the qualifier.

    `client_context` and `cognito_identity` are JSON or empty; `trace_id` is the X-Ray header, empty when the host is to
    make one; `tenant_id` is empty for a function without tenants. Who wants the `tail` of the log waits until the
    invocation is over; all others have their answer as soon as it is there.
    """

    request_id: str
    function_arn: str
    payload: bytes
    client_context: str = ""
    cognito_identity: str = ""
    trace_id: str = ""
    tenant_id: str = ""
    tail: bool = False


def parse_function(message: Mapping[str, object]) -> Function:
    """Read what the plug tells about a function. KeyError, TypeError or ValueError when it is not as agreed."""
    config = _mapping(message["config"])
    logging = _mapping(config.get("LoggingConfig"))
    name, version = str(config["FunctionName"]), str(config.get("Version") or "$LATEST")
    account, region = str(message["account"]), str(message["region"])
    layers = message["layers"]
    variables = _mapping(_mapping(config.get("Environment")).get("Variables"))
    level = logging.get("ApplicationLogLevel")
    identity = json.dumps([message["config"], message["code"], layers], sort_keys=True)
    tenant = f":{message['tenant']}" if message.get("tenant") else ""  # tenants never share an environment
    return Function(
        key=f"{account}:{region}:{name}:{version}{tenant}",
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        name=name,
        version=version,
        runtime=str(config.get("Runtime") or ""),
        handler=str(config.get("Handler") or ""),
        timeout=int(str(config.get("Timeout") or 3)),
        memory=int(str(config.get("MemorySize") or 128)),
        code=str(message["code"]),
        layers=tuple(str(layer) for layer in layers) if isinstance(layers, list) else (),
        environment={str(key): str(value) for key, value in variables.items()},
        log_group=str(logging.get("LogGroup") or f"/aws/lambda/{name}"),
        log_format=str(logging.get("LogFormat") or "Text"),
        log_level=str(level) if level else None,
        system_log_level=str(logging.get("SystemLogLevel") or "INFO"),
        storage=int(str(_mapping(config.get("EphemeralStorage")).get("Size") or 512)),
        snap_start=_mapping(config.get("SnapStart")).get("OptimizationStatus") == "On",
        tracing=_mapping(config.get("TracingConfig")).get("Mode") == "Active",
        account=account,
        region=region,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
