"""HTTP APIs, REST APIs and function URLs, with all that can be said of them."""

from dataclasses import dataclass

import lakon

service = lakon.Service("doors", description="Front doors", log_retention_days=14)

cors = lakon.Cors(origins=["https://a.example", "https://b.example"], credentials=True, expose="etag")
pool = service.resource("People", "AWS::Cognito::UserPool", {"UserPoolName": "people"})
client = service.resource("Page", "AWS::Cognito::UserPoolClient", {"UserPoolId": pool.ref})
zone = "Z0123456789ABCDEFGHIJ"


@service.authorizer(identity=["header.authorization", "query.token"], ttl=60)
def check(request):
    """Let everybody pass."""
    return True


@service.authorizer(kind="token", answers="iam")
def badge(request):
    """Let nobody pass."""
    return False


public = service.http_api(
    "public",
    cors=cors,
    throttle=lakon.Throttle(rate=50, burst=100),
    domain=lakon.Domain("api.doors.example", zone=zone),
    stage_variables={"colour": "blue"},
    memory=512,
)
inner = service.http_api(
    "inner", auth=lakon.iam(), access_logs=False, domain=lakon.Domain("api.doors.example", zone=zone, path="inner")
)


@public.get("/photos")
def photos(request):
    """List them."""
    return []


@public.get("/photos/{key}", throttle=lakon.Throttle(rate=5, burst=5))
def photo(request):
    """Show one."""
    return {"key": request.path["key"]}


@public.post("/photos", auth=lakon.jwt("https://issuer.example", "photos", scopes="photos/write"))
def add(request):
    """Add one."""
    return {}, 201


@public.delete("/photos/{key}", auth=lakon.cognito(pool, clients=client.ref), scopes=["admin", "owner"])
def remove(request):
    """Remove one."""


@public.any("/by/{all+}", auth=check)
def everything(request):
    """Do the rest."""


@service.function(on=[inner.get("/numbers"), inner.get("/numbers/{number}")], uses=[inner.call])
def numbers(event, context):
    """Have routes of its own."""


plans = [
    lakon.UsagePlan("free", keys=["ann", "bob"], throttle=lakon.Throttle(rate=1, burst=2), quota=lakon.Quota(1000)),
    lakon.UsagePlan("paid", keys="carl"),
]
orders = service.rest_api(
    "orders",
    cors=cors,
    usage_plans=plans,
    cache=lakon.Cache("0.5", ttl=60),
    responses={
        "MISSING_AUTHENTICATION_TOKEN": lakon.GatewayResponse(
            404, body={"title": "Not Found", "detail": "$context.error.messageString"}, headers={"x-why": "it's gone"}
        )
    },
    domain=lakon.Domain(
        "orders.doors.example", certificate="arn:aws:acm:eu-west-1:111122223333:certificate/0", only=True
    ),
    stage_variables={"colour": "red"},
    tracing=True,
)


@dataclass
class Order:
    """What is ordered."""

    what: str
    count: int = 1


@orders.get("/orders", cache=120, cache_by=["query.page", "header.accept-language"], requires="query.page")
def list_orders(request):
    """List them."""
    return []


@orders.post("/orders", validate=True, api_key=True, throttle=lakon.Throttle(rate=2, burst=4))
def order(body: Order):
    """Order."""
    return {}


@orders.put("/orders/{id}", validate=True, requires="header.if-match", auth=check)
def change(id: str, body: Order):
    """Change what was ordered."""


@orders.get("/", auth=badge)
def root(request):
    """Say hello."""


@orders.get("/people", auth=lakon.cognito(pool))
def people(request):
    """List people."""


mirror = service.rest_api(
    "mirror", cors=cors, endpoint="private", vpc_endpoints="vpce-0123456789abcdef0", auth=lakon.iam()
)
edge = service.rest_api(
    "edge",
    cors=lakon.Cors(origins="*"),
    endpoint="edge",
    access_logs=False,
    domain=lakon.Domain("edge.doors.example", zone=zone, path="v1"),
)


@service.function(on=[mirror.any("/{proxy+}"), edge.get("/hello/{name}")], uses=[orders.call])
def reflect(event, context):
    """Answer for two APIs."""


hook = service.function_url("hook", auth="public", cors=lakon.Cors(origins="*"))


@hook.post("/")
def hooked(request):
    """Be called by another service."""


@service.function(url=lakon.Url(streaming=True), uses=[hook.call], env={"PUBLIC": public.url, "HOOK": f"{hook.url}/x"})
def report(event, context):
    """Have an address of its own."""


service.output("Docs", f"{orders.url}/docs")
