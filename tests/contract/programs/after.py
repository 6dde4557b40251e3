"""The service of `before.py`, some time later."""

import lakon

service = lakon.Service("contract", python="3.11", tags={"team": "mail"}, layer=True)

photos = service.bucket("photos", versioned=True)
kept = service.bucket("kept", keep=True)
drafts = service.bucket("drafts")
index = service.table("index", key="photo", sort="taken:N", indexes={"by-camera": "camera"})
visits = service.table("visits", key="visitor")
ledger = service.table("ledger", key="id", keep=True)
jobs = service.queue("jobs", delay=0, retention_days=3, max_receives=5)
ordered = service.queue("ordered", visibility=60, dead_letters=False)
letters = service.queue("letters", keep=True, dead_letters=False)
news = service.topic("news", display_name="Latest news")
pager = service.topic("pager")
orders = service.bus("orders", description="What was ordered and sent")
audit = service.log_group("audit", retention_days=14)
archive = service.log_group("archive", keep=True)
greeting = service.parameter("greeting", "Good day", description="How to greet well")
password = service.secret("db", key="password", template={"username": "app"}, description="Of the new database")
token = service.secret("token", length=20, keep=True)


@service.function(
    name="stamp",
    on=[
        photos.created(prefix="new/"),
        jobs.messages(batch=20, concurrency=8, window=2, filter={"body": {"kind": ["film"]}}),
        news.messages(filter={"kind": ["film"]}),
        lakon.cron("0 9 * * ? *", payload={"bucket": drafts.name}),
        lakon.every("7 minutes"),
        orders.events(source="shop", detail={"state": ["sent"]}),
        lakon.event(source="aws.ecs"),
    ],
    uses=[index.write],
    memory=256,
    timeout=10,
    env={"COLOUR": "red"},
    alarms=[lakon.errors(threshold=3, minutes=1, notify=pager), lakon.throttles()],
    description="Does it well",
    tags={"cost": "low"},
    log_retention_days=14,
    retries=0,
    max_event_age=60,
    on_success=pager,
    on_failure=letters,
)
def second(event: object, context: object) -> str:
    return "second"
