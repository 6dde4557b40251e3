"""How front doors spell requests and answers. Ships into Lambda.

HTTP APIs and function URLs speak payload format 2.0, REST APIs 1.0; load balancers speak `lakon.runtime.http.balancer`.
HTTP APIs hand paths over decoded; REST APIs and function URLs encoded. Queries are decoded by REST APIs alone. See
"Create AWS Lambda proxy integrations for HTTP APIs", "Input format of a Lambda function for proxy integration" and
"Invoking Lambda function URLs".
"""

from __future__ import annotations

from lakon.runtime.http.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lakon.runtime.http.response import Response

_TEXTS = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded")
# whether iterators go out as they are: `lakon.runtime.http.streaming`, which says so, sends their parts as they come
streams = False
_IAM = {
    "accessKey": "accessKey",
    "accountId": "accountId",
    "caller": "callerId",
    "user": "userId",
    "userArn": "userArn",
}


class GatewayV2(Request):
    """A request in payload format 2.0, of an HTTP API or a function URL."""

    __slots__ = ()

    @property
    def method(self) -> str:
        """`GET`, `POST` ..."""
        return self.event["requestContext"]["http"]["method"]  # type: ignore[no-any-return]  # JSON

    @property
    def url_path(self) -> str:
        """The path that was asked for, decoded, without the stage."""
        path: str = self.event["rawPath"]
        stage = self.event["requestContext"].get("stage", "$default")
        if stage != "$default" and path.startswith(f"/{stage}/"):
            path = path[len(stage) + 1 :]
        return unquoted(path) if is_function_url(self.event) else path

    @property
    def full_path(self) -> str:
        """The path of `url`, decoded: with the stage, where that stands in the address."""
        path: str = self.event["rawPath"]
        return unquoted(path) if is_function_url(self.event) else path

    @property
    def raw_query(self) -> str:
        """What stood after `?`, encoded."""
        return self.event.get("rawQueryString") or ""

    @property
    def client(self) -> str:
        """The address of the client."""
        return self.event["requestContext"]["http"]["sourceIp"]  # type: ignore[no-any-return]  # JSON

    def _read_headers(self) -> dict[str, str]:
        headers = {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}
        cookies = self.event.get("cookies")
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        return headers

    def _read_query(self) -> dict[str, list[str]]:
        from lakon.runtime.http.values import parse_query

        return parse_query(self.raw_query)

    def _read_auth(self) -> dict[str, Any]:
        authorizer = self.event["requestContext"].get("authorizer") or {}
        return authorizer.get("lambda") or authorizer.get("iam") or self._read_claims()

    def _read_claims(self) -> dict[str, Any]:
        authorizer = self.event["requestContext"].get("authorizer") or {}
        return (authorizer.get("jwt") or {}).get("claims") or {}


class GatewayV1(Request):
    """A request in payload format 1.0, of a REST API."""

    __slots__ = ()

    @property
    def method(self) -> str:
        """`GET`, `POST` ..."""
        return self.event["httpMethod"]  # type: ignore[no-any-return]  # JSON

    @property
    def url_path(self) -> str:
        """The path that was asked for, decoded, without the stage."""
        return unquoted(self.event["path"])

    @property
    def full_path(self) -> str:
        """The path of `url`, decoded: with the stage, but for a custom domain, which leads to one."""
        return unquoted(self.event["requestContext"].get("path") or self.event["path"])

    @property
    def raw_query(self) -> str:
        """What stood after `?`, encoded anew."""
        query = self._read_query()
        if not query:
            return ""
        from urllib.parse import urlencode

        return urlencode(query, doseq=True)

    @property
    def client(self) -> str:
        """The address of the client."""
        return self.event["requestContext"]["identity"]["sourceIp"]  # type: ignore[no-any-return]  # JSON

    def _read_headers(self) -> dict[str, str]:
        several = self.event.get("multiValueHeaders")
        if several:
            return {
                name.lower(): values[0]
                if len(values) == 1
                else ("; " if name.lower() == "cookie" else ",").join(values)
                for name, values in several.items()
            }
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    def _read_query(self) -> dict[str, list[str]]:
        several = self.event.get("multiValueQueryStringParameters")
        if several:
            return {name: list(values) for name, values in several.items()}
        return {name: [value] for name, value in (self.event.get("queryStringParameters") or {}).items()}

    def _read_auth(self) -> dict[str, Any]:
        around = self.event["requestContext"]
        authorizer = around.get("authorizer")
        if authorizer:
            return authorizer.get("claims") or authorizer  # type: ignore[no-any-return]  # JSON
        identity = around.get("identity") or {}
        return {ours: identity[theirs] for theirs, ours in _IAM.items() if identity.get(theirs)}

    def _read_claims(self) -> dict[str, Any]:
        return (self.event["requestContext"].get("authorizer") or {}).get("claims") or {}


def is_function_url(event: dict[str, Any]) -> bool:
    """Whether a request in payload format 2.0 came through a function URL: the name that was asked for tells."""
    return ".lambda-url." in event["requestContext"].get("domainName", "")


def unquoted(path: str) -> str:
    """A path or a part of it, decoded."""
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)


def answer_v2(response: Response) -> dict[str, Any]:
    """A response in payload format 2.0."""
    body, encoded = _sent(response)
    cookies, headers = cookies_of(response), response.headers
    answer: dict[str, Any] = {"statusCode": response.status, "headers": headers, "body": body}
    for value in headers.values():
        if type(value) is not str:
            answer["headers"] = {
                name: value if isinstance(value, str) else ",".join(value) for name, value in headers.items()
            }
            break
    if encoded:
        answer["isBase64Encoded"] = True
    if cookies:
        answer["cookies"] = cookies
    return answer


def answer_v1(response: Response) -> dict[str, Any]:
    """A response in payload format 1.0; headers with several values stand beside those with one."""
    body, encoded = _sent(response)
    cookies = cookies_of(response)
    single = {name: value for name, value in response.headers.items() if isinstance(value, str)}
    several = {name: list(value) for name, value in response.headers.items() if not isinstance(value, str)}
    if cookies:
        several["set-cookie"] = cookies
    answer: dict[str, Any] = {"statusCode": response.status, "headers": single, "body": body}
    if several:
        answer["multiValueHeaders"] = several
    if encoded:
        answer["isBase64Encoded"] = True
    return answer


def cookies_of(response: Response) -> list[str]:
    """The cookies, those that stand among the headers too: they cannot be joined by commas."""
    said = response.headers.pop("set-cookie", None)
    if said is not None:
        response.cookies.extend([said] if isinstance(said, str) else said)
    return response.cookies


def _sent(response: Response) -> tuple[Any, bool]:
    """The body, and whether it is in base64; an iterator where it can stream."""
    if streams and hasattr(response.body, "__next__"):
        return response.payload(), False
    return text_of(response)


def text_of(response: Response) -> tuple[str, bool]:
    """The body as text, and whether it is in base64; an iterator is gathered first."""
    body = response.payload()
    if type(body) is str:
        return body, False
    if not isinstance(body, (bytes, str)):
        body = b"".join([part.encode() if isinstance(part, str) else part for part in body])
    if isinstance(body, str):
        return body, False
    kind = response.headers.get("content-type", "")
    if "content-encoding" not in response.headers and isinstance(kind, str) and _is_text(kind):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    from binascii import b2a_base64

    return b2a_base64(body, newline=False).decode(), True


def _is_text(kind: str) -> bool:
    essence = kind.partition(";")[0].strip().lower()
    return essence.startswith(_TEXTS) or essence.endswith(("+json", "+xml"))
