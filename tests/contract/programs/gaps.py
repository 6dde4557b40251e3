"""Everything that the embedded AWS does not do."""

import platform

import lakon

service = lakon.Service("gaps", python="3.11", architecture="arm64")

photos = service.bucket("photos", expire_days=1)
index = service.table("index", key="photo", ttl="expires")
jobs = service.queue("jobs")
token = service.secret("token", length=500)
news = service.topic("news", fifo=True)


@service.function(
    on=[jobs.messages(window=300), lakon.cron("0 8 * * ? *", timezone="Europe/Paris")],
    kms_key="arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
    vpc=lakon.Vpc(subnets=["subnet-0123456789abcdef0"], security_groups=["sg-0123456789abcdef0"]),
    tracing=True,
)
def look(event: object, context: object) -> object:
    """Tell the processor, which is to be ARM's."""
    return platform.machine()


@service.function
def reach(event: object, context: object) -> object:
    """Read what it was not granted."""
    import boto3

    return boto3.client("s3").list_objects_v2(Bucket=str(event))["KeyCount"]


@service.function(alarms=[lakon.errors()])
def never_called(event: object, context: object) -> None:
    """Cannot fail."""


@service.function(alarms=[lakon.errors()])
def fail(event: object, context: object) -> None:
    raise ValueError("as told")
