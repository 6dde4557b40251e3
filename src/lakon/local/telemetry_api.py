"""The Lambda Telemetry API (2022-07-01), and the Logs API (2020-08-15) that it replaced: how extensions subscribe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakon.local.answers import refusal
from lakon.local.http import Reply
from lakon.local.telemetry import Buffering, Destination, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.extensions_api import Extension, ExtensionsApi
    from lakon.local.http import Request
    from lakon.local.telemetry import Telemetry

PATHS = ("/2022-07-01/telemetry", "/2020-08-15/logs")
_SCHEMAS = frozenset({"2020-08-15", "2021-03-18", "2022-07-01", "2022-12-13", "2025-01-29"})
_TYPES = frozenset({"platform", "function", "extension"})
_HOSTS = frozenset({"sandbox.localdomain", "sandbox"})
_BOUNDS = {"maxItems": (1_000, 10_000), "maxBytes": (262_144, 1_048_576), "timeoutMs": (25, 30_000)}


class TelemetryApi:
    """Lets registered extensions subscribe until `closed` says that init is over.

    `subscribed` is called with each subscriber and the types that it asked for.
    """

    def __init__(
        self,
        extensions: ExtensionsApi,
        telemetry: Telemetry,
        closed: Callable[[], bool],
        subscribed: Callable[[Extension, list[str]], None],
    ) -> None:
        self._extensions = extensions
        self._telemetry = telemetry
        self._closed = closed
        self._subscribed = subscribed

    def handle(self, request: Request) -> Reply:
        """The reply to one request at one of `PATHS`."""
        if request.method != "PUT":
            return Reply(405)
        extension = self._extensions.identify(request)
        if isinstance(extension, Reply):
            return extension
        if self._closed():
            return refusal(403, "Telemetry.SubscriptionClosed", "Subscriptions are closed once init is over")
        try:
            types, subscription = _parse(json.loads(request.body))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return refusal(400, "ValidationError", str(error))
        self._subscribed(extension, types)
        self._telemetry.subscribe(extension.identifier, subscription)
        return Reply(200, b'"OK"')


def _parse(body: object) -> tuple[list[str], Subscription]:
    """The subscription that is asked for. ValueError, LookupError or TypeError when it is none."""
    asked = _object(body, "the request")
    if asked.get("schemaVersion", "2022-07-01") not in _SCHEMAS:
        raise ValueError(f"schemaVersion {asked['schemaVersion']} is not known")
    types = asked.get("types")
    if not isinstance(types, list) or not types or not _TYPES.issuperset(types):
        raise ValueError(f"types must be some of {sorted(_TYPES)}")
    buffering = _object(asked.get("buffering", {}), "buffering")
    limits = {name: _bounded(name, buffering[name]) for name in _BOUNDS if name in buffering}
    default = Buffering()
    return types, Subscription(
        types,
        _destination(_object(asked["destination"], "destination")),
        Buffering(
            limits.get("maxItems", default.max_items),
            limits.get("maxBytes", default.max_bytes),
            limits.get("timeoutMs", default.timeout * 1000) / 1000,
        ),
    )


def _destination(asked: dict[str, object]) -> Destination:
    match asked.get("protocol"):
        case "HTTP":
            url = urlsplit(str(asked["URI"]))
            if url.scheme != "http" or url.hostname not in _HOSTS or not url.port:
                raise ValueError("URI must be http://sandbox.localdomain:PORT")
            return Destination(url.port, url.path or "/")
        case "TCP":
            port = asked["port"]
            if not isinstance(port, int) or not 0 < port < 65536:
                raise ValueError("port must be a number between 1 and 65535")
            return Destination(port, None)
        case other:
            raise ValueError(f"protocol {other} is not HTTP or TCP")


def _bounded(name: str, value: object) -> int:
    low, high = _BOUNDS[name]
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a number between {low} and {high}")
    return value


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{what} must be an object")
    return value
