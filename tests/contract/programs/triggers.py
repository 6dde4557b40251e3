"""One function for every way to be called; each prints the event that it was given, a line of its log."""

import datetime
import json
import os
from typing import Any

import lakon

service = lakon.Service("triggers", python="3.11")
soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S")

photos = service.bucket("photos", versioned=True)
jobs = service.queue("jobs", visibility=1, max_receives=2)
sieve = service.queue("sieve", dead_letters=False)
ordered = service.queue("ordered", fifo=True, visibility=1, dead_letters=False)
news = service.topic("news")
orders = service.bus("orders")
failed = service.queue("failed", dead_letters=False)


def note(event: object, context: object) -> None:
    print(json.dumps(event))


service.function(name="created", on=photos.created(prefix="in/", suffix=".png"))(note)
service.function(name="removed", on=photos.removed(prefix="in/"))(note)
service.function(name="sieved", on=sieve.messages(filter=[{"body": {"kind": ["photo"]}}, {"body": {"size": [1]}}]))(
    note
)
service.function(name="in_order", on=ordered.messages(batch=3), timeout=1)(note)
service.function(name="heard", on=news.messages())(note)
service.function(name="by_attribute", on=news.messages(filter={"kind": ["photo"]}))(note)
service.function(name="by_body", on=news.messages(filter={"size": [{"numeric": [">", 10]}]}, filter_on_body=True))(note)
service.function(name="at", on=lakon.at(soon))(note)
service.function(name="at_with_payload", on=lakon.at(soon, payload={"bucket": photos.name}))(note)
service.function(name="on_default_bus", on=lakon.event(source="shop", detail_type="Order"))(note)
service.function(name="on_own_bus", on=orders.events(source="shop", detail={"state": ["new"]}))(note)


@service.function(on=jobs.messages(batch=3), timeout=1)
def work(event: dict[str, Any], context: object) -> object:
    """Fail those messages, and only those, whose body is "bad"."""
    print(json.dumps(event))
    failures = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failures]}


def fail(event: object, context: object) -> None:
    print(json.dumps(event))
    raise ValueError("as told")


service.function(name="fails_once", retries=0, on_failure=failed)(fail)
service.function(name="fails_twice", retries=1, on=photos.created(prefix="twice/"))(fail)


@service.function(uses=lakon.invoke("answer"))
def ask(event: object, context: object) -> object:
    """Ask the other function."""
    import boto3

    answer = boto3.client("lambda").invoke(
        FunctionName=os.environ["ANSWER_FUNCTION_NAME"],
        Payload=json.dumps(event),
    )
    return json.load(answer["Payload"])


@service.function
def answer(event: dict[str, Any], context: object) -> object:
    """Add one."""
    return {"answer": event["question"] + 1}


@service.function(log_format="json", log_level="WARN")
def log(event: object, context: object) -> None:
    """Log below the level that is kept, and at it."""
    import logging

    logging.getLogger().info("a detail")
    logging.getLogger().warning("a warning")
