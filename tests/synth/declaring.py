"""Programs with front doors, and what is wrong with them."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]


LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/main/1/2"


CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/0"


ZONE = "Z0123456789ABC"


SUBNETS = ["subnet-1", "subnet-2"]


def handler(event, context):
    """Do nothing."""


def answer(request):
    """Answer nothing."""


def check(request):
    """Let nobody pass."""


def mistakes(service):
    try:
        synthesize(service, stage="dev", root=ROOT)
    except ProgramError as error:
        assert all(mistake.hint and mistake.where for mistake in error.mistakes)
        return [mistake.what for mistake in error.mistakes]
    return []


def only(service):
    found = mistakes(service)
    assert len(found) == 1, found
    return found[0]


def bound(api):
    """Give the API a name, by which Lambda finds it, for as long as one program is looked at."""
    sys.modules[__name__].__dict__["api"] = api
    return api


def http(**options):
    service = lakon.Service("shop")
    return service, bound(service.http_api(**({"name": "public"} | options)))


def rest(**options):
    service = lakon.Service("shop")
    return service, bound(service.rest_api(**({"name": "public"} | options)))


def socket(**options):
    service = lakon.Service("shop")
    return service, bound(service.websocket_api(**({"name": "public"} | options)))


def balancer(**options):
    service = lakon.Service("shop")
    return service, bound(service.load_balancer(**({"name": "public", "subnets": SUBNETS} | options)))


def url(**options):
    service = lakon.Service("shop")
    return service, bound(service.function_url(**({"name": "public"} | options)))


def with_route(made, path="/x", method="GET", **options):
    service, api = made
    api.route(method, path, **options)(answer)
    return service


def authorized(made, route=None, **options):
    service, api = made
    service.authorizer(**options)(check)
    api.get("/x", auth=check, **(route or {}))(answer)
    return service


def rules(made=None, **options):
    service, api = made or balancer()
    service.function(name="stamp", on=api.rule(**({"paths": "/x"} | options)))(handler)
    return service


def site(**options):
    service = lakon.Service("shop")
    service.site(**{"folder": "./public", **options})
    return service


def plan(**options):
    return with_route(rest(usage_plans=lakon.UsagePlan(**{"name": "free", "keys": "ann", **options})))


def of_function(**options):
    service = lakon.Service("shop")
    service.function(name="stamp", **options)(handler)
    return service
