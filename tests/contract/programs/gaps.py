"""Everything that the embedded AWS does not do."""

import datetime
import platform

import lakon

service = lakon.Service("gaps", python="3.11", architecture="arm64")
soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")

photos = service.bucket("photos", expire_days=1)
index = service.table("index", key="photo", ttl="expires")
jobs = service.queue("jobs")
token = service.secret("token", length=500)
alerts = service.topic("alerts")
orders = service.bus("orders")
untold = service.queue("untold", dead_letters=False)
news = service.topic("news", fifo=True)
succeeded = service.queue("succeeded", dead_letters=False)
failed = service.queue("failed", dead_letters=False)
buried = service.queue("buried", dead_letters=False)


@service.function(
    on=[jobs.messages(window=300), lakon.cron("0 8 * * ? *", timezone="Europe/Paris")],
    kms_key="arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
    vpc=lakon.Vpc(subnets=["subnet-0123456789abcdef0"], security_groups=["sg-0123456789abcdef0"]),
    tracing=True,
    on_success=succeeded,
)
def look(event: object, context: object) -> object:
    """Tell the processor, which is to be ARM's."""
    return platform.machine()


@service.function(reserved_concurrency=0)
def never(event: object, context: object) -> object:
    """Lambda throttles every call."""
    return "called"


@service.function
def reach(event: object, context: object) -> object:
    """Read what it was not granted."""
    import boto3

    return boto3.client("s3").list_objects_v2(Bucket=str(event))["KeyCount"]


@service.function(retries=0, dead_letters=buried, alarms=[lakon.errors()])
def fail(event: object, context: object) -> None:
    raise ValueError("as told")


@service.function(retries=0, on_failure=failed)
def fail_when_invoked(event: object, context: object) -> None:
    raise ValueError("as told")


@service.function(on=[alerts.messages(), orders.events(source="shop")], retries=0, on_failure=untold)
def fail_when_told(event: object, context: object) -> None:
    raise ValueError("as told")


@service.function(on=lakon.at(soon), retries=0, on_failure=untold)
def fail_in_time(event: object, context: object) -> None:
    raise ValueError("as told")
