"""What handlers get: one request, whichever front door it came through. Ships into Lambda.

Nothing is read before it is asked for. How each front door spells a request is told by `lakon.runtime.http.fronts`.
"""

from __future__ import annotations

from lakon.runtime.http.response import HTTPError
from lakon.runtime.http.values import Form, Headers, Multi, parameter, parse_cookies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Request:
    """One request.

    `path` holds the parameters of the path, decoded: of `/photos/{key}` it is `request.path["key"]`. `event` is what
    Lambda was called with, `context` Lambda's context. `state` is a dict for middleware to leave things in.
    """

    __slots__ = ("_body", "_cookies", "_form", "_headers", "_query", "_state", "context", "event", "path")

    def __init__(self, event: Any, context: Any, path: dict[str, str]) -> None:
        self.event = event
        self.context = context
        self.path = path
        self._headers: Headers | None = None
        self._query: Multi | None = None
        self._cookies: dict[str, str] | None = None
        self._body: bytes | None = None

    def __repr__(self) -> str:
        return f"<request {self.method} {self.url_path}>"

    def _read_headers(self) -> dict[str, str]:
        raise NotImplementedError

    def _read_query(self) -> dict[str, list[str]]:
        raise NotImplementedError

    def _read_auth(self) -> dict[str, Any]:
        raise NotImplementedError

    def _read_claims(self) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def headers(self) -> Headers:
        """The headers, by names in any case."""
        if self._headers is None:
            self._headers = Headers(self._read_headers())
        return self._headers

    @property
    def query(self) -> Multi:
        """The parameters after `?`, decoded: `request.query["page"]`, `.get("page", "1")`, `.all("tag")`."""
        if self._query is None:
            self._query = Multi(self._read_query())
        return self._query

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        if self._cookies is None:
            self._cookies = parse_cookies(self.headers.get("cookie") or "")
        return self._cookies

    @property
    def body(self) -> bytes:
        """The body as it was sent."""
        if self._body is None:
            body = self.event.get("body") or ""
            if self.event.get("isBase64Encoded"):
                from binascii import a2b_base64

                self._body = a2b_base64(body)
            else:
                self._body = body.encode()
        return self._body

    @property
    def text(self) -> str:
        """The body as text, in the charset that the content type names, or UTF-8.

        Raises `lakon.HTTPError` (400, 415) where it is not.
        """
        charset = parameter(self.headers.get("content-type") or "", "charset") or "utf-8"
        try:
            return self.body.decode(charset)
        except LookupError:
            raise HTTPError(415, f"the charset {charset!r} is not known") from None
        except ValueError:
            raise HTTPError(400, f"the body is not {charset}") from None

    def json(self) -> Any:
        """The body as JSON. Raises `lakon.HTTPError` (400) where it is not."""
        import json

        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, f"the body is not JSON: {error}") from None

    @property
    def form(self) -> Form:
        """The body as a form, urlencoded or multipart, with its `files`.

        Raises `lakon.HTTPError` (400, 415) where it is none.
        """
        try:
            return self._form
        except AttributeError:
            from lakon.runtime.http.forms import parse_form

            self._form: Form = parse_form(self.headers.get("content-type") or "", self.body)
            return self._form

    @property
    def auth(self) -> dict[str, Any]:
        """What the authorizer found out: the claims of a token, an authorizer's own context, IAM's caller."""
        return self._read_auth()

    @property
    def claims(self) -> dict[str, Any]:
        """The claims of the caller's token, where a JWT authorizer or a Cognito pool read it; else empty."""
        return self._read_claims()

    @property
    def method(self) -> str:
        """`GET`, `POST` ..."""
        raise NotImplementedError

    @property
    def url_path(self) -> str:
        """The path that was asked for, decoded, without the stage."""
        raise NotImplementedError

    @property
    def full_path(self) -> str:
        """The path of `url`, decoded: with the stage, where that stands in the address."""
        return self.url_path

    @property
    def raw_query(self) -> str:
        """What stood after `?`, encoded; a REST API tells it only decoded, so that there it is encoded anew."""
        raise NotImplementedError

    @property
    def client(self) -> str:
        """The address of the client."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """The request's id, as API Gateway or the function URL gave it and its access log has it; else Lambda's."""
        return str(self.event["requestContext"].get("requestId") or getattr(self.context, "aws_request_id", ""))

    @property
    def stage(self) -> str:
        """The stage of the API; empty where there is none."""
        return str(self.event["requestContext"].get("stage") or "")

    @property
    def stage_variables(self) -> Mapping[str, str]:
        """The stage variables of the API."""
        return self.event.get("stageVariables") or {}

    @property
    def state(self) -> dict[str, Any]:
        """A dict of this request, for middleware to leave things for handlers."""
        try:
            return self._state
        except AttributeError:
            self._state: dict[str, Any] = {}
            return self._state

    @property
    def host(self) -> str:
        """The name that the client asked for."""
        return self.headers.get("host") or ""

    @property
    def scheme(self) -> str:
        """`https`, or `http` where a load balancer or this machine speaks it."""
        return self.headers.get("x-forwarded-proto") or "https"

    @property
    def url(self) -> str:
        """The whole address that was asked for."""
        query = self.raw_query
        return f"{self.scheme}://{self.host}{_quoted(self.full_path)}{'?' if query else ''}{query}"


def _quoted(path: str) -> str:
    if path.isascii() and path.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum():
        return path
    from urllib.parse import quote

    return quote(path, safe="/:@!$&'()*+,;=~")
