"""Every kind of resource, trigger, grant and alarm, in one program."""

import lakon

service = lakon.Service(
    "whole",
    description="Every kind of thing",
    python="3.12",
    architecture="arm64",
    env={"COLOUR": "blue"},
    tags={"team": "stamps"},
    log_retention_days=14,
    layer=True,
)

photos = service.bucket("photos", versioned=True, expire_days=90)
archive = service.bucket("archive", keep=True)
index = service.table("index", key="photo", sort="taken:N", indexes={"by-owner": ("owner", "taken:N")}, ttl="expires")
users = service.table("users", key="id", recovery=False, keep=True)
jobs = service.queue("jobs", delay=5)
ordered = service.queue("ordered", fifo=True, visibility=120, dead_letters=False)
news = service.topic("news", display_name="News")
pager = service.topic("pager")
orders = service.bus("orders", description="What was ordered")
audit = service.log_group("audit", retention_days=365, keep=True)
greeting = service.parameter("greeting", "Hello", description="How to greet")
password = service.secret("db", key="password", template={"username": "app"})
cache = service.resource(
    "Cache",
    "AWS::ElastiCache::ServerlessCache",
    {"Engine": "valkey", "ServerlessCacheName": "whole-cache", "UserGroupId": greeting.name},
    depends_on=[index],
)

old_photos = lakon.Bucket.existing("old-photos")
other_jobs = lakon.Queue.existing("arn:aws:sqs:eu-west-1:111122223333:other-jobs")


@service.function(
    on=[
        photos.created(prefix="in/", suffix=".png"),
        photos.removed(prefix="in/"),
        jobs.messages(batch=50, window=5, concurrency=4, filter={"body": {"kind": ["photo"]}}),
        ordered.messages(partial=False),
        news.messages(filter={"kind": ["photo"]}, filter_on_body=True),
        lakon.every("5 minutes", payload={"bucket": photos.name}),
        lakon.cron("0 8 * * ? *", timezone="Europe/Paris"),
        lakon.at("2027-01-31T18:00:00"),
        lakon.event(source="aws.ec2", detail_type="EC2 Instance State-change Notification"),
        orders.events(detail={"state": ["new"]}, source="shop"),
    ],
    uses=[
        photos.read_write,
        archive.write,
        index.read,
        users.read_write,
        jobs.send,
        other_jobs.receive,
        news.publish,
        orders.put,
        audit.write,
        greeting.read,
        password.read,
        old_photos.read,
        lakon.invoke("report"),
        lakon.allow("rekognition:DetectLabels", "*"),
        lakon.allow(["s3:GetObject"], f"{photos.arn}/in/*", condition={"Bool": {"aws:SecureTransport": "true"}}),
    ],
    env={"CACHE": cache.att("Endpoint.Address"), "GREETING": f"{greeting.name} and ${{more}}"},
    memory=1024,
    timeout=60,
    alarms=[
        lakon.errors(threshold=2, minutes=5, notify=pager),
        lakon.duration(p99="15s"),
        lakon.duration(average="500ms", notify="arn:aws:sns:eu-west-1:111122223333:alerts"),
        lakon.throttles(),
    ],
    description="Does it all",
    reserved_concurrency=10,
    vpc=lakon.Vpc(subnets=["subnet-0123456789abcdef0"], security_groups=["sg-0123456789abcdef0"]),
    layers=["arn:aws:lambda:eu-west-1:111122223333:layer:tools:3"],
    tags={"cost": "high"},
    tracing=True,
    log_format="json",
    log_level="WARN",
    log_retention_days=7,
    kms_key="arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    dead_letters=jobs.dead_letters,
    retries=1,
    max_event_age=3600,
    on_success=news,
    on_failure="arn:aws:lambda:eu-west-1:111122223333:function:undertaker",
    snap_start=True,
)
def stamp(event, context):
    """Do it all."""


@service.function(architecture="x86_64", ephemeral_storage=1024, uses=[index.read, lakon.invoke(stamp)])
def report(event, context):
    """Run on the other architecture."""


service.output("CacheAddress", cache.att("Endpoint.Address"))
