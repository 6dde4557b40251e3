"""Application Load Balancers. See "Use Lambda functions as targets of an Application Load Balancer"."""

from __future__ import annotations

import fnmatch
import ipaddress
from typing import TYPE_CHECKING

from lakon.local.front import answers, events
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import Gateway, new_trace
from lakon.local.front.requests import Answer, told

if TYPE_CHECKING:
    from lakon.local.front.plan import Rule
    from lakon.local.front.requests import Asked

_MAX = 1024 * 1024  # of a request's body, and of an answer
_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


class BalancerDoor(Gateway):
    """A listener: the first rule whose conditions a request meets takes it, the own function what is left."""

    max_body = _MAX

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request by the function that a rule names."""
        function = next((rule.function for rule in self.plan.rules if meets(asked, rule)), self.plan.default)
        if function is None:
            return told(404, "Not Found")
        if len(asked.body) > self.max_body:
            return _page("413 Request Entity Too Large")
        trace = new_trace()
        name = function.rpartition(":")[2]
        target = (
            f"arn:aws:elasticloadbalancing:{self.plan.region}:{self.plan.account}:targetgroup/{name}/{self.plan.api_id}"
        )
        try:
            outcome = await self.call(function, events.balancer(target, asked, trace), asked, trace)
            if outcome.answer.error_type is not None or len(outcome.answer.body) > _MAX:
                return _page("502 Bad Gateway")
            return answers.balancer(outcome.answer.body)
        except TimeoutError:
            return _page("504 Gateway Time-out")
        except (RefusedError, answers.MalformedError):
            return _page("502 Bad Gateway")


def meets(asked: Asked, rule: Rule) -> bool:
    """Whether a request meets every condition of a rule. `*` stands for any characters, `?` for one."""
    host = (asked.header("host") or "").partition(":")[0]
    if rule.paths and not _like(asked.path, rule.paths):
        return False
    if rule.methods and asked.method not in rule.methods:
        return False
    if rule.hosts and not _like(host.lower(), [each.lower() for each in rule.hosts]):
        return False
    for name, patterns in rule.headers.items():
        value = asked.header(name.lower())
        if value is None or not _like(value.lower(), [each.lower() for each in patterns]):
            return False
    if rule.query and not any(
        _like(name.lower(), [key.lower()]) and _like(value.lower(), [wanted.lower()])
        for name, value in asked.parameters()
        for key, wanted in rule.query.items()
    ):
        return False
    client = ipaddress.ip_address(asked.client)
    return not rule.addresses or any(client in ipaddress.ip_network(each, strict=False) for each in rule.addresses)


def _like(text: str, patterns: list[str] | tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _page(status: str) -> Answer:
    return Answer(
        int(status[:3]), [("server", "awselb/2.0"), ("content-type", "text/html")], _PAGE.format(status).encode()
    )
