"""Traffic that moves step by step, with hooks and alarms, and all that can call an alias."""

import lakon

service = lakon.Service("traffic", layer=True)
orders = service.queue("orders")
photos = service.bucket("photos")
news = service.topic("news")
level = service.input("Level", default="info")
api = service.http_api("public")


@service.function
def check(event, context):
    """Called before the traffic moves."""


@service.function(
    on=[orders.messages(), photos.created(), news.messages(), lakon.every("1 day"), lakon.event(source="shop")],
    env={"LEVEL": level},
    alarms=[lakon.errors(), lakon.duration(p99="5s")],
    traffic=lakon.Canary(10, minutes=5, before=check, after="check"),
    retries=1,
    url=True,
)
def take(event, context):
    """Called by all."""


@service.function(traffic=lakon.Linear(20, minutes=1), provisioned_concurrency=2, uses=lakon.invoke(take))
def serve(event, context):
    """Some environments wait."""


@service.function(provisioned_concurrency=1)
def wait(event, context):
    """An alias without CodeDeploy."""


@service.function(on=api.get("/orders"), traffic=lakon.AllAtOnce(), snap_start=True)
def once(event, context):
    """A route leads to an alias, of which snapshots are kept."""
