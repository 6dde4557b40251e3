"""What handlers get: one request, whichever front door it came through. Ships into Lambda.

Nothing is read before it is asked for. How each front door spells a request is told by `lakon.runtime.http.fronts`.
"""

from __future__ import annotations

from lakon.runtime.http.response import HTTPError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lakon.runtime.http.values import Form, Multi


class Headers:
    """Headers by their names in any case; several of one name are joined by commas, as HTTP has it."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # as of dicts

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"

    def get(self, name: str, default: str | None = None) -> str | None:
        """The header, or `default` where it is not there."""
        return self._values.get(name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a header that is a list, such as `Accept`: of repeated headers, and between commas."""
        value = self._values.get(name.lower())
        if value is None:
            return []
        if '"' not in value:
            return [part.strip() for part in value.split(",")]
        parts, start, quoted = [], 0, False
        for place, letter in enumerate(value):
            if letter == '"':
                quoted = not quoted
            elif letter == "," and not quoted:
                parts.append(value[start:place].strip())
                start = place + 1
        return [*parts, value[start:].strip()]

    def items(self) -> list[tuple[str, str]]:
        """The names, in lower case, and the values."""
        return list(self._values.items())


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
            from lakon.runtime.http.values import Multi

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
        from lakon.runtime.http.values import parameter

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


def is_request(name: str, annotation: Any, names: tuple[str, ...], *, alone: bool) -> bool:
    """Whether a parameter takes the request itself: by annotation, by the name `request`, or because it is `alone`."""
    if annotation is ...:
        return name == "request" or (alone and name not in names)
    return annotation in (Request, "Request", "lakon.Request")


def parse_cookies(header: str) -> dict[str, str]:
    """The cookies of a header; of two with one name the first, which is the more exact one."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals and name not in cookies:
            cookies[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return cookies
