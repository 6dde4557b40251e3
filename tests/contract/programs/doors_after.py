"""Every kind of front door. This is `doors.py` some time later."""

import lakon

service = lakon.Service("doors", python="3.11")

zone = service.resource("Zone", "AWS::Route53::HostedZone", {"Name": "doors.example"})
named = lakon.Domain(f"api-{service.stage}.doors.example", zone=zone)
orders = service.rest_api(
    "orders",
    cors=lakon.Cors(origins="https://a.example"),
    usage_plans=lakon.UsagePlan("free", keys="ann", throttle=lakon.Throttle(rate=5, burst=10)),
    responses={"THROTTLED": lakon.GatewayResponse(429, body={"title": "Slow down"})},
    stage_variables={"colour": "blue"},
)
public = service.http_api(
    "public", domain=named, cors=lakon.Cors(origins="*"), throttle=lakon.Throttle(rate=50, burst=100)
)
chat = service.websocket_api("chat")
edge = service.load_balancer("edge", subnets=["subnet-1", "subnet-2"])
site = service.site("./site", api=[public, chat], manifest={"version": 2})
old = service.site("./site", name="old", cdn=False)


@service.authorizer(ttl=0)
def check(request: lakon.Request) -> bool:
    """Let everybody pass."""
    return True


@orders.get("/orders", throttle=lakon.Throttle(rate=1, burst=1))
def listed(request: lakon.Request) -> object:
    return []


@service.function(
    url=lakon.Url(auth="public"),
    on=[
        orders.post("/orders/{order}"),
        public.get("/greeting", auth=check, throttle=lakon.Throttle(rate=5, burst=5)),
        chat.message("say", replies=False),
        edge.rule(paths="/x", priority=5),
        edge.get("/b/{c}"),
    ],
    uses=chat.manage,
)
def serve(event: object, context: object) -> object:
    return {"statusCode": 200, "body": "hello"}
