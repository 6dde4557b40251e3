"""How load balancers spell requests and answers. Ships into Lambda.

A dialect of payload format 1.0, whose paths and queries are encoded. See "Use Lambda functions as targets of an
Application Load Balancer".
"""

from __future__ import annotations

from lakon.runtime.http.fronts import GatewayV1, cookies_of, text_of
from lakon.runtime.http.response import TITLES
from lakon.runtime.http.values import parse_query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lakon.runtime.http.response import Response


class Balancer(GatewayV1):
    """A request of an Application Load Balancer."""

    __slots__ = ()

    @property
    def client(self) -> str:
        """The address of the client, as the load balancer saw it."""
        return (self.headers.get("x-forwarded-for") or "").rpartition(",")[2].strip()

    @property
    def id(self) -> str:
        """The request's id: the load balancer's trace id."""
        return self.headers.get("x-amzn-trace-id") or ""

    @property
    def raw_query(self) -> str:
        """What stood after `?`, encoded."""
        return "&".join([f"{name}={value}" for name, values in super()._read_query().items() for value in values])

    def _read_query(self) -> dict[str, list[str]]:
        return parse_query(self.raw_query)

    def _read_auth(self) -> dict[str, Any]:
        return {}

    def _read_claims(self) -> dict[str, Any]:
        return {}


def answer_balancer(response: Response, event: dict[str, Any]) -> dict[str, Any]:
    """A response for a load balancer, which takes all headers as lists, or none, as its target group says.

    Where it takes none, further cookies go out under the same name in other letters: names have no case.
    """
    body, encoded = text_of(response)
    cookies = cookies_of(response)
    answer: dict[str, Any] = {
        "statusCode": response.status,
        "statusDescription": f"{response.status} {TITLES.get(response.status, 'OK')}",
        "body": body,
        "isBase64Encoded": encoded,
    }
    if "multiValueHeaders" in event:
        several = {name: [value] if isinstance(value, str) else list(value) for name, value in response.headers.items()}
        if cookies:
            several["set-cookie"] = cookies
        answer["multiValueHeaders"] = several
        return answer
    single = {name: value if isinstance(value, str) else ",".join(value) for name, value in response.headers.items()}
    for number, cookie in enumerate(cookies):
        single[_cased("set-cookie", number)] = cookie
    answer["headers"] = single
    return answer


def _cased(name: str, number: int) -> str:
    letters = [letter.upper() if number >> place & 1 else letter for place, letter in enumerate(name.replace("-", ""))]
    return "".join([*letters[:3], "-", *letters[3:]])
