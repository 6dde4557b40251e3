"""Checks of what REST APIs have beyond others: endpoints, plans, caches, responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.model.http import Cache, GatewayResponse, Quota, UsagePlan
from lakon.synth.checks.documents import json_fault
from lakon.synth.checks.mistakes import are_texts, is_number, spelled
from lakon.synth.checks.resources import NAME
from lakon.synth.checks.throttles import check_throttle

if TYPE_CHECKING:
    from lakon.model.gateways import RestApi
    from lakon.synth.checks.mistakes import Mistakes

CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
ENDPOINTS = ("regional", "edge", "private")
PERIODS = ("day", "week", "month")
RESPONSE_TYPES = (
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
)


def check_rest_api(api: RestApi, mistakes: Mistakes) -> None:
    """What is said of a REST API."""
    mistakes.flags(api.origin, api.id, streaming=api.streaming, validate=api.validate)
    mistakes.unless(
        not (api.streaming and api.cache is not None),
        api.origin,
        f"{api.id!r} has a cache, and answers in streams",
        "API Gateway keeps no answers that stream: leave one of them out",
    )
    _check_endpoint(api, mistakes)
    _check_cache(api, mistakes)
    _check_plans(api, mistakes)
    _check_responses(api, mistakes)
    mistakes.unless(
        are_texts(api.binary) and all("/" in each for each in api.binary),
        api.origin,
        f"binary of {api.id!r} is {api.binary!r:.60}",
        'media types are written as in "image/png" or "*/*"',
    )
    if api.policy is not None:
        mistakes.mapping(api.origin, f"policy of {api.id!r}", api.policy, '{"Version": "2012-10-17", "Statement": []}')


def _check_endpoint(api: RestApi, mistakes: Mistakes) -> None:
    mistakes.unless(
        api.endpoint in ENDPOINTS,
        api.origin,
        f"endpoint of {api.id!r} is {api.endpoint!r:.40}",
        f"it is one of {', '.join(map(repr, ENDPOINTS))}",
    )
    mistakes.unless(
        are_texts(api.vpc_endpoints) and (api.endpoint == "private" or not api.vpc_endpoints),
        api.origin,
        f"vpc_endpoints of {api.id!r} is {api.vpc_endpoints!r:.60}, with the endpoint {api.endpoint!r:.40}",
        'give the ids of interface endpoints to an API with endpoint="private"',
    )
    mistakes.unless(
        api.endpoint != "private" or bool(api.vpc_endpoints) or api.policy is not None,
        api.origin,
        f"{api.id!r} is private, and nobody may call it",
        'say from where it is called: vpc_endpoints="vpce-...", or a policy= of your own',
    )


def _check_cache(api: RestApi, mistakes: Mistakes) -> None:
    cache = api.cache
    if cache is None:
        return
    if not isinstance(cache, Cache):
        mistakes.add(api.origin, f"cache of {api.id!r} is {cache!r:.60}", 'write cache=lakon.Cache("0.5", ttl=300)')
        return
    mistakes.unless(
        cache.size in CACHE_SIZES,
        api.origin,
        f"the cache of {api.id!r} has the size {cache.size!r:.40}",
        f"it is one of {', '.join(map(repr, CACHE_SIZES))}, in GB",
    )
    mistakes.within(api.origin, f"ttl of the cache of {api.id!r} in seconds", cache.ttl, 0, 3600)
    mistakes.flags(api.origin, f"the cache of {api.id}", every_route=cache.every_route)


def _check_plans(api: RestApi, mistakes: Mistakes) -> None:
    owners: dict[str, str] = {}
    for plan in api.usage_plans:
        if not isinstance(plan, UsagePlan):
            hint = 'write usage_plans=lakon.UsagePlan("free", keys="ann")'
            mistakes.add(api.origin, f"usage_plans of {api.id!r} has {plan!r:.60}", hint)
            continue
        for name in (plan.name, *plan.keys):
            mistakes.unless(
                spelled(NAME, name),
                api.origin,
                f"a usage plan of {api.id!r}, or a key of it, is named {name!r:.60}",
                "a name is made of letters, digits, hyphens and underscores, begins with a letter, and has at most 40",
            )
        for key in map(str, plan.keys):
            mistakes.unless(
                owners.setdefault(key, str(plan.name)) == plan.name,
                api.origin,
                f"the API key {key!r:.60} is in the plans {owners[key]!r} and {plan.name!r:.60} of {api.id!r}",
                "a key is in one plan of an API: take it out of one",
            )
        check_throttle(f"the usage plan {plan.name!r:.60}", plan.throttle, api.origin, mistakes)
        quota = plan.quota
        mistakes.unless(
            quota is None
            or (isinstance(quota, Quota) and is_number(quota.limit) and quota.limit > 0 and quota.period in PERIODS),
            api.origin,
            f"the quota of the usage plan {plan.name!r:.60} is {_told(quota):.60}",
            f'write quota=lakon.Quota(10_000, "month"); a period is one of {", ".join(PERIODS)}',
        )
    names = [str(plan.name) for plan in api.usage_plans if isinstance(plan, UsagePlan)]
    mistakes.unless(
        len(set(names)) == len(names),
        api.origin,
        f"two usage plans of {api.id!r} have one name, of {', '.join(names):.60}",
        "rename one",
    )


def _told(quota: object) -> str:
    return f"{quota.limit!r} in a {quota.period!r}" if isinstance(quota, Quota) else repr(quota)


def _check_responses(api: RestApi, mistakes: Mistakes) -> None:
    like = '{"THROTTLED": lakon.GatewayResponse(429, body={"title": "Slow down"})}'
    if not mistakes.mapping(api.origin, f"responses of {api.id!r}", api.responses, like):
        return
    for kind, response in api.responses.items():
        mistakes.unless(
            kind in RESPONSE_TYPES,
            api.origin,
            f"{api.id!r} has a gateway response {kind!r:.60}",
            f"they are {', '.join(RESPONSE_TYPES)}",
        )
        if not isinstance(response, GatewayResponse):
            mistakes.add(api.origin, f"the gateway response {kind!r:.60} is {response!r:.60}", f"write it as in {like}")
            continue
        if response.status is not None:
            mistakes.within(api.origin, f"the status of the gateway response {kind!r:.60}", response.status, 200, 599)
        mistakes.unless(
            isinstance(response.headers, Mapping)
            and all(isinstance(text, str) for pair in response.headers.items() for text in pair),
            api.origin,
            f"the headers of the gateway response {kind!r:.60} are {response.headers!r:.60}",
            'headers are texts: headers={"retry-after": "60"}',
        )
        fault = json_fault(response.body)
        mistakes.unless(
            fault is None,
            api.origin,
            f"the body of the gateway response {kind!r:.60} has {fault}, which is not JSON",
            "JSON has texts, numbers, True, False, None, lists and dictionaries",
        )
