"""WebSocket APIs, load balancers and sites."""

import lakon

service = lakon.Service("sockets", description="Sockets, balancers and sites")

zone = service.resource("Zone", "AWS::Route53::HostedZone", {"Name": "sockets.example"})
logs = service.bucket("logs")


@service.authorizer(identity="query.token")
def check(request):
    """Let everybody pass."""
    return True


chat = service.websocket_api("chat", auth=check, domain=lakon.Domain("chat.sockets.example", zone=zone))
plain = service.websocket_api("plain", select="$request.body.kind", access_logs=False)


@chat.connect
def connected(request):
    """Somebody is there."""


@chat.disconnect
def disconnected(request):
    """Somebody has left."""


@chat.message("say", replies=True)
def say(request):
    """Say it to all."""
    return {"said": True}


@chat.default
def other(request):
    """Do not understand."""


@service.function(on=plain.message("count-me"), uses=[chat.manage])
def count(event, context):
    """Have a message of its own."""


edge = service.load_balancer(
    "edge",
    subnets=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    security_groups="sg-0123456789abcdef0",
    domain=lakon.Domain("edge.sockets.example", zone=zone),
    access_logs=logs,
    cors=lakon.Cors(origins="https://sockets.example"),
)
inner = service.load_balancer("inner", internal=True, subnets=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"])
shared = service.load_balancer(
    "shared",
    listener="arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/main/50dc6c495c0c9188/f2f7dc8efc522ab2",
    domain=lakon.Domain("shared.sockets.example", certificate="arn:aws:acm:eu-west-1:111122223333:certificate/0"),
)


@edge.get("/hello")
def hello(request):
    """Say hello."""
    return "hello"


@shared.get("/things/{thing}")
def thing(request):
    """Show a thing."""


@service.function(
    on=[
        edge.rule(
            paths=["/img/*", "*.png"],
            methods="GET",
            hosts="img.sockets.example",
            query={"size": "*"},
            priority=1,
        ),
        edge.rule(headers={"x-beta": ["on", "1"]}, addresses="192.0.2.0/24"),
        edge.any("/files/{path+}"),
        edge.get("/files/{name}"),
        inner.post("/in"),
        shared.rule(paths="/count", priority=7),
    ]
)
def files(event, context):
    """Be behind rules."""


docs = service.site(
    "./public",
    api=[chat, edge],
    manifest={"bucket": logs.name, "version": 3},
    domain=lakon.Domain("sockets.example", zone=zone),
)
app = service.site("./app", name="app", single_page=True, clean_urls=False, keep=True)
old = service.site("./old", name="old", cdn=False, error=None)
