"""What handlers answer: responses, errors, and every other value as one of them. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    HeaderValue = str | Sequence[str]

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
BYTES = "application/octet-stream"
PROBLEM = "application/problem+json"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Response:
    """An answer: body, status, headers, cookies.

    `body` is a str, bytes, None, an iterator of str or bytes, or anything that can be JSON. `headers` maps names, in
    any case, to a value or to several. `cookies` are `Set-Cookie` values, as `set_cookie` makes them. `type` is the
    content type; without it the body's own: JSON, UTF-8 text, or bytes.
    """

    __slots__ = ("body", "cookies", "headers", "status")

    def __init__(
        self,
        body: object = None,
        status: int = 200,
        *,
        headers: Mapping[str, HeaderValue] | None = None,
        cookies: Iterable[str] = (),
        type: str | None = None,
    ) -> None:
        self.body = body
        self.status = status
        self.headers: dict[str, HeaderValue] = (
            {name.lower(): value for name, value in headers.items()} if headers else {}
        )
        self.cookies = list(cookies) if cookies else []
        if type is not None:
            self.headers["content-type"] = type

    def __repr__(self) -> str:
        return f"<response {self.status}>"

    def set_cookie(
        self,
        name: str,
        value: str = "",
        *,
        max_age: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: str | None = "Lax",
    ) -> None:
        """Add a cookie: sent back over TLS only, unseen by scripts, and not from other sites, unless said otherwise.

        `max_age` is in seconds, 0 to delete it; without it the cookie goes with the browser's session. Raises
        ValueError for characters that no cookie may have.
        """
        for text in (name, value, path, domain or ""):
            if not text.isascii() or not text.isprintable() or ";" in text or "," in text or " " in text:
                raise ValueError(f"a cookie cannot have {text!r} in it: encode it first")
        parts = [f"{name}={value}", f"Path={path}"]
        if domain is not None:
            parts.append(f"Domain={domain}")
        if max_age is not None:
            parts.append(f"Max-Age={max_age}")
        parts += [word for word, said in (("Secure", secure), ("HttpOnly", http_only)) if said]
        if same_site is not None:
            parts.append(f"SameSite={same_site}")
        self.cookies.append("; ".join(parts))

    def payload(self) -> str | bytes | Iterable[str | bytes]:
        """The body as it goes out: text, bytes, or an iterator. Says its content type where nobody did."""
        body = self.body
        kind = type(body)
        if kind is dict or kind is list:
            self.headers.setdefault("content-type", JSON)
            return dumps(body)
        if isinstance(body, str):
            self.headers.setdefault("content-type", TEXT)
            return body
        if body is None:
            return ""
        if isinstance(body, (bytes, bytearray, memoryview)):
            self.headers.setdefault("content-type", BYTES)
            return bytes(body)
        if hasattr(body, "__next__"):
            return body  # type: ignore[return-value]  # an iterator
        self.headers.setdefault("content-type", JSON)
        return dumps(body)


class HTTPError(Exception):
    """An answer that is not the usual one: `raise lakon.HTTPError(404, "no such photo")`.

    Its body is a problem document (RFC 9457): `status`, its `title`, `detail`, and `members` of one's own. `type` is a
    URI that names the kind of problem.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        type: str | None = None,
        headers: Mapping[str, HeaderValue] | None = None,
        **members: object,
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.title = title
        self.type = type
        self.headers = headers
        self.members = members

    def __str__(self) -> str:
        return (
            f"{self.status} {self.title or TITLES.get(self.status, '')}{': ' if self.detail else ''}{self.detail or ''}"
        )

    def response(self) -> Response:
        """The problem document."""
        problem: dict[str, object] = {} if self.type is None else {"type": self.type}
        problem["title"] = self.title or TITLES.get(self.status, "Error")
        problem["status"] = self.status
        if self.detail is not None:
            problem["detail"] = self.detail
        problem.update(self.members)
        return Response(problem, self.status, headers=self.headers, type=PROBLEM)


def respond(answer: object, status: int) -> Response:
    """What a handler returned, as a response: itself, or a body with the route's status; nothing at all is a 204.

    An iterator has made its first part by then, which tells text from bytes: what goes wrong before it is answered as
    in any other handler.
    """
    if type(answer) is dict:
        return Response(answer, status)
    if answer is None and status == 200:
        return Response(None, 204)
    response = answer if isinstance(answer, Response) else Response(answer, status)
    parts: Any = response.body
    if hasattr(parts, "__next__"):
        first = next(parts, b"")
        response.headers.setdefault("content-type", TEXT if isinstance(first, str) else BYTES)
        response.body = _whole(first, parts)
    return response


def _whole(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    """A part that is there already, and those that are made when they are asked for."""
    yield first
    yield from rest


_encode: Callable[[object], str] | None = None


def dumps(value: object) -> str:
    """`value` as JSON: also what Python has beyond it, such as dataclasses, times, decimals and models."""
    global _encode
    if _encode is None:
        import json

        _encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain).encode
    return _encode(value)


def plain(value: object) -> object:
    """Turn what JSON has no word for into what it has. Raises TypeError where that cannot be."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in kind.__dataclass_fields__}
    if hasattr(kind, "__struct_fields__"):
        import msgspec  # type: ignore[import-not-found, unused-ignore]  # the program's own, since it made `value`

        return msgspec.to_builtins(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", by_alias=True)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if kind.__module__ == "decimal":
        text = str(value)
        return float(text) if "." in text or "E" in text else int(text)
    if kind.__module__ in ("uuid", "pathlib"):
        return str(value)
    if hasattr(kind, "_value2member_map_"):
        return value.value  # type: ignore[attr-defined]  # an Enum
    if hasattr(value, "keys"):
        return dict(value)  # type: ignore[call-overload]  # a Mapping
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"a handler answered {value!r:.80}, which cannot be JSON")
