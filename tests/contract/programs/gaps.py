"""Everything that the embedded AWS does not do."""

import platform
from dataclasses import dataclass

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


@service.function(traffic=lakon.Linear(10, minutes=1))
def shifted(event: object, context: object) -> None:
    """All calls come to its newest version."""


api = service.rest_api("orders", cache=lakon.Cache(), endpoint="private", vpc_endpoints="vpce-0123456789abcdef0")


@service.function(on=api.get("/orders", cache=60))
def count(event: object, context: object) -> object:
    """Tell another number each time."""
    counted.append(1)
    return {"statusCode": 200, "body": str(len(counted))}


counted: list[int] = []


@dataclass
class Order:
    """What is ordered."""

    what: str


@api.post("/orders", validate=True)
def take(body: Order) -> object:
    """Take an order."""
    return body.what


zone = service.resource("Zone", "AWS::Route53::HostedZone", {"Name": "gaps.example"})
named = service.http_api("named", domain=lakon.Domain("api.gaps.example", zone=zone))


@service.function(on=named.get("/"))
def greet(event: object, context: object) -> object:
    """Say hello."""
    return "hello"
