"""Every kind of resource that Lakon makes. `after.py` is the same service some time later."""

import lakon

service = lakon.Service("contract", python="3.11", tags={"team": "stamps"}, layer=True)

photos = service.bucket("photos", versioned=True)
kept = service.bucket("kept", keep=True)
index = service.table("index", key="photo", sort="taken:N", indexes={"by-owner": ("owner", "taken:N")})
visits = service.table("visits", key="id")
ledger = service.table("ledger", key="id", keep=True)
jobs = service.queue("jobs", delay=5, retention_days=2, max_receives=4)
ordered = service.queue("ordered", fifo=True, visibility=120, dead_letters=False)
letters = service.queue("letters", keep=True, dead_letters=False)
news = service.topic("news", display_name="News")
pager = service.topic("pager")
orders = service.bus("orders", description="What was ordered")
audit = service.log_group("audit", retention_days=7)
archive = service.log_group("archive", keep=True)
greeting = service.parameter("greeting", "Hello", description="How to greet")
password = service.secret("db", key="password", template={"username": "app"}, description="Of the database")
token = service.secret("token", length=20, keep=True)
service.resource("Board", "AWS::CloudWatch::Dashboard", {"DashboardBody": "{}"})


@service.function(
    name="stamp",
    on=[
        photos.created(prefix="in/", suffix=".png"),
        jobs.messages(batch=50, concurrency=4, window=1, filter={"body": {"kind": ["photo"]}}),
        news.messages(filter={"kind": ["photo"]}),
        lakon.cron("0 8 * * ? *", payload={"bucket": photos.name}),
        lakon.every("5 minutes"),
        orders.events(source="shop", detail={"state": ["new"]}),
        lakon.event(source="aws.ec2"),
    ],
    uses=[photos.read_write, index.read, lakon.invoke("report")],
    memory=512,
    timeout=20,
    env={"COLOUR": "blue", "GREETING": greeting.name},
    alarms=[lakon.errors(threshold=2, minutes=5, notify=pager), lakon.duration(p99="15s")],
    description="Does it all",
    ephemeral_storage=1024,
    tags={"cost": "high"},
    tracing=True,
    log_format="json",
    log_level="WARN",
    log_retention_days=7,
    retries=1,
    max_event_age=3600,
    on_success=news,
    on_failure=jobs.dead_letters,
)
def first(event: object, context: object) -> str:
    return "first"


@service.function
def report(event: object, context: object) -> None:
    """Goes away."""
