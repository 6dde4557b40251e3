"""Functions whose events end in every way, and are told of."""

import datetime

import lakon

service = lakon.Service("asynchronous", python="3.11")
soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")

alerts = service.topic("alerts")
orders = service.bus("orders")
succeeded = service.queue("succeeded", dead_letters=False)
failed = service.queue("failed", dead_letters=False)
buried = service.queue("buried", dead_letters=False)


@service.function(on_success=succeeded)
def look(event: object, context: object) -> object:
    return event


@service.function(reserved_concurrency=0)
def never(event: object, context: object) -> object:
    """Lambda throttles every call."""
    return "called"


@service.function(retries=0, dead_letters=buried)
def bury(event: object, context: object) -> None:
    raise ValueError("as told")


@service.function(
    on=[alerts.messages(), orders.events(source="shop"), lakon.at(soon)],
    retries=0,
    on_failure=failed,
)
def fail(event: object, context: object) -> None:
    raise ValueError("as told")
