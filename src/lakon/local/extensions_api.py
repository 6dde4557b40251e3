"""The Lambda Extensions API (2020-01-01) of one execution environment: registration, events, errors.

Rests on the "Using the Lambda Extensions API to create extensions" page of the Lambda developer guide.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakon.local.answers import ACCEPTED, refusal
from lakon.local.http import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lakon.local.http import HttpConnection, Request
    from lakon.local.runtime_api import Invocation

PREFIX = "/2020-01-01/extension/"
MAX_EXTENSIONS = 10
IDENTIFIER_HEADER = "lambda-extension-identifier"
_ERROR_TYPE_HEADER = "lambda-extension-function-error-type"
_ACCOUNT_FEATURE = "accountId"


@dataclass(eq=False, slots=True)
class Extension:
    """One registered extension: `external` ones are processes of their own, others live in the runtime's."""

    name: str
    external: bool
    events: frozenset[str]
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    ready: bool = False
    failed: bool = False
    waiting: HttpConnection | None = None
    pending: list[Reply] = field(default_factory=list)

    def tell(self, event: Mapping[str, object]) -> None:
        """Give it an event, now or when it asks for the next."""
        self.ready = False
        reply = Reply(
            200, json.dumps(event).encode(), headers=[("Lambda-Extension-Event-Identifier", str(uuid.uuid4()))]
        )
        if self.waiting and not self.waiting.closed:
            self.waiting.send(reply)
        else:
            self.pending.append(reply)
        self.waiting = None


class ExtensionsApi:
    """The extensions of one environment. All calls happen on the event loop.

    `external` names the programs that were started; `about` is what a registration is answered with, the account among
    it. `closed` says whether it is too late to register. `progress` is called whenever one may have become ready,
    `failed` with an error type and a message when one gives up, `registered` when one is new.
    """

    def __init__(
        self,
        external: Sequence[str],
        about: Mapping[str, str],
        *,
        closed: Callable[[], bool],
        progress: Callable[[], None],
        failed: Callable[[str, str], None],
        registered: Callable[[], None],
    ) -> None:
        self.extensions: dict[str, Extension] = {}
        self._external = frozenset(external)
        self._about = about
        self._closed = closed
        self._progress = progress
        self._failed = failed
        self._registered = registered

    @property
    def busy(self) -> bool:
        """Whether one that was started has not registered, or one that registered has not asked for its next event."""
        if not self.extensions and not self._external:
            return False
        return not self.complete or any(not each.ready for each in self.extensions.values())

    @property
    def complete(self) -> bool:
        """Whether all that were started have registered."""
        return self._external <= {each.name for each in self.extensions.values()}

    def invoke(self, invocation: Invocation) -> None:
        """Tell of an invocation those who want to know."""
        if not self.extensions:
            return
        event: dict[str, object] = {
            "eventType": "INVOKE",
            "deadlineMs": invocation.deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.function_arn,
        }
        if invocation.trace_id:
            event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
        for extension in self.extensions.values():
            if "INVOKE" in extension.events:
                extension.tell(event)

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell of the environment's end those who want to know; `reason` is spindown, timeout or failure."""
        for extension in self.extensions.values():
            if "SHUTDOWN" in extension.events:
                extension.tell({"eventType": "SHUTDOWN", "deadlineMs": deadline_ms, "shutdownReason": reason})

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """The reply to one request below `PREFIX`; None when it will be sent on `connection` later."""
        call = request.path.removeprefix(PREFIX)
        if call not in ("register", "event/next", "init/error", "exit/error"):
            return Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")
        if request.method != ("GET" if call == "event/next" else "POST"):
            return Reply(405)
        if call == "register":
            return self.register(request)
        extension = self.identify(request)
        if isinstance(extension, Reply):
            return extension
        if call == "event/next":
            return self._next(extension, connection)
        return self._error(extension, request, "Init" if call == "init/error" else "Exit")

    def identify(self, request: Request) -> Extension | Reply:
        """The extension that sends a request, or the refusal it gets."""
        identifier = request.headers.get(IDENTIFIER_HEADER, "")
        if not identifier:
            return _refuse("MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
        try:
            uuid.UUID(identifier)
        except ValueError:
            return _refuse("InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
        extension = self.extensions.get(identifier)
        return extension or _refuse("UnknownExtensionIdentifier", f"Unknown extension {identifier}")

    def register(self, request: Request) -> Reply:
        """The reply to a registration; a bad one leaves no trace."""
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            return _refuse("InvalidExtensionName", "Empty extension name")
        try:
            asked = frozenset((json.loads(request.body)["events"] if request.body else None) or ())
        except (ValueError, LookupError, TypeError, RecursionError):
            return refusal(403, "InvalidRequestFormat", "The request is not the JSON that it must be")
        external = name in self._external
        if self._closed():
            return _refuse("RegistrationClosed", "Extension registration closed already")
        if any(each.name == name for each in self.extensions.values()):
            return _refuse("InvalidExtensionState", f"Extension {name} is registered already")
        if not asked <= {"INVOKE", "SHUTDOWN"}:
            return _refuse("InvalidEventType", f"{sorted(map(str, asked))}: InvalidEventType")
        if "SHUTDOWN" in asked and not external:
            return _refuse("InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension")
        if len(self.extensions) >= MAX_EXTENSIONS:
            return _refuse("TooManyExtensions", f"Extension limit ({MAX_EXTENSIONS}) reached")
        extension = Extension(name, external, asked)
        self.extensions[extension.identifier] = extension
        self._registered()
        about = dict(self._about)
        features = {each.strip() for each in request.headers.get("lambda-extension-accept-feature", "").split(",")}
        if _ACCOUNT_FEATURE not in features:
            about.pop(_ACCOUNT_FEATURE, None)
        headers = [("Lambda-Extension-Identifier", extension.identifier)]
        return Reply(200, json.dumps(about).encode(), headers=headers)

    def _next(self, extension: Extension, connection: HttpConnection) -> Reply | None:
        asked_already = extension.waiting is not None and not extension.waiting.closed
        if extension.failed or asked_already:
            return _refuse("InvalidExtensionState", f"Extension {extension.name} may not ask for an event now")
        if extension.pending:
            return extension.pending.pop(0)
        extension.ready = True
        extension.waiting = connection
        self._progress()
        return None

    def _error(self, extension: Extension, request: Request, phase: str) -> Reply:
        error_type = request.headers.get(_ERROR_TYPE_HEADER, "")
        if not error_type:
            return _refuse("MissingHeader", "Missing Lambda-Extension-Function-Error-Type header")
        if phase == "Init" and extension.ready:
            return _refuse("InvalidExtensionState", f"Extension {extension.name} is initialised already")
        if not extension.failed:
            extension.failed = True
            self._failed(f"Extension.{phase}Error", f"extension {extension.name}: {error_type}")
        return ACCEPTED


def _refuse(kind: str, message: str) -> Reply:
    return refusal(403, f"Extension.{kind}", message)
