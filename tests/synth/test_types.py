"""Values of the wrong type, anywhere in a declaration: mistakes like any other, never another exception."""

# mypy: allow-untyped-defs, allow-untyped-calls

import inspect
import math
from collections.abc import Callable

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.model.function import DEFAULTS
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]


def handler(event, context):
    """Do nothing."""


def mistakes(service):
    try:
        synthesize(service, stage="dev", root=ROOT)
    except ProgramError as error:
        return [mistake.what for mistake in error.mistakes]
    return []


def function(**options):
    service = lakon.Service("imager")
    service.function(**{"name": "stamp", **options})(handler)
    return service


def service(**options):
    made = lakon.Service(**{"name": "imager", **options})
    made.function(name="stamp")(handler)
    return made


def resource(kind, **given):
    def declare(**options):
        made = lakon.Service("imager")
        getattr(made, kind)(**{**given, **options})
        return made

    return declare


def output(**options):
    made = function()
    made.output(**{"name": "Photos", "value": "x", **options})
    return made


def trigger(make, **given):
    def declare(**options):
        made = lakon.Service("imager")
        made.function(name="stamp", on=make(made)(**{**given, **options}))(handler)
        return made

    return declare


def alarm(**options):
    return function(alarms=lakon.errors(**options))


def use(**options):
    return function(uses=lakon.allow(**{"actions": "s3:GetObject", "resources": "*", **options}))


def vpc(**options):
    return function(vpc=lakon.Vpc(**{"subnets": ["subnet-1"], "security_groups": ["sg-1"], **options}))


DECLARATIONS: dict[str, tuple[Callable[..., object], Callable[..., lakon.Service]]] = {
    "service": (lakon.Service, service),
    "function": (lakon.Service.function, function),
    "bucket": (lakon.Service.bucket, resource("bucket", name="photos")),
    "table": (lakon.Service.table, resource("table", name="photos", key="id")),
    "queue": (lakon.Service.queue, resource("queue", name="photos")),
    "topic": (lakon.Service.topic, resource("topic", name="photos")),
    "bus": (lakon.Service.bus, resource("bus", name="photos")),
    "log_group": (lakon.Service.log_group, resource("log_group", name="photos")),
    "parameter": (lakon.Service.parameter, resource("parameter", name="photos", text="x")),
    "secret": (lakon.Service.secret, resource("secret", name="photos", key="password")),
    "resource": (lakon.Service.resource, resource("resource", logical_id="Photos", type="AWS::X::Y")),
    "output": (lakon.Service.output, output),
    "created": (lakon.Bucket.created, trigger(lambda made: made.bucket("photos").created)),
    "queue.messages": (lakon.Queue.messages, trigger(lambda made: made.queue("jobs").messages)),
    "topic.messages": (lakon.Topic.messages, trigger(lambda made: made.topic("news").messages)),
    "bus.events": (lakon.Bus.events, trigger(lambda made: made.bus("orders").events)),
    "every": (lakon.every, trigger(lambda made: lakon.every, interval="5 minutes")),
    "cron": (lakon.cron, trigger(lambda made: lakon.cron, fields="0 8 * * ? *")),
    "errors": (lakon.errors, alarm),
    "allow": (lakon.allow, use),
    "vpc": (lakon.Vpc, vpc),
}
WRONG = {
    "number": -5,
    "bytes": b"x",
    "set": {"x"},
    "object": object(),
    "numbers": [-5],
    "mapping": {-5: b"x"},
    "handle": lakon.Table.existing("old"),
}


def options(declare):
    """What a declaration takes by name, and the default of each."""
    for option in inspect.signature(declare).parameters.values():
        if option.kind is option.VAR_KEYWORD:
            yield from DEFAULTS.items()
        elif option.name != "self" and option.kind is not option.POSITIONAL_ONLY:
            yield option.name, option.default


OPTIONS = [(name, option) for name, (declare, _) in DECLARATIONS.items() for option, _ in options(declare)]


RIGHT = {  # JSON that EventBridge takes
    ("payload", "number"),
    ("payload", "numbers"),
    ("source", "number"),
    ("source", "numbers"),
    ("detail_type", "number"),
    ("detail_type", "numbers"),
    ("detail", "numbers"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_of_the_wrong_type_is_a_mistake(name, option, wrong):
    found = mistakes(DECLARATIONS[name][1](**{option: WRONG[wrong]}))
    assert found or (option, wrong) in RIGHT


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_none_is_a_default_or_a_mistake(name, option):
    declare, make = DECLARATIONS[name]
    default = dict(options(declare))[option]
    assert default is None or option in ("dead_letters", "properties") or mistakes(make(**{option: None}))


def test_a_handle_without_a_name():
    with pytest.raises(TypeError, match="named by a text, not by 5"):
        lakon.Bucket.existing(5, handle="five")  # type: ignore[arg-type]  # the mistake under test


def nested(depth):
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


def endless():
    value: dict[str, object] = {}
    value["again"] = value
    return value


NOT_JSON = {
    "bytes": {"x": [b"x"]},
    "set": {"x": {"y": {1}}},
    "key": {"x": {5: ["y"]}},
    "nan": {"x": [math.nan]},
    "handle": {"x": [lakon.Bucket.existing("old")]},
    "deep": {"x": nested(5000)},
    "endless": {"x": endless()},
}
DOCUMENTS = {
    "payload": lambda value: function(on=lakon.every("5 minutes", payload=value)),
    "pattern": lambda value: function(on=lakon.event({"detail": value})),
    "topic filter": lambda value: DECLARATIONS["topic.messages"][1](filter=value),
    "queue filter": lambda value: DECLARATIONS["queue.messages"][1](filter=value),
    "condition": lambda value: use(condition=value),
    "properties": lambda value: DECLARATIONS["resource"][1](properties=value),
    "output": lambda value: DECLARATIONS["output"][1](value=value),
    "secret": lambda value: DECLARATIONS["secret"][1](template=value),
}


@pytest.mark.parametrize("wrong", NOT_JSON)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_not_json(document, wrong):
    (what,) = mistakes(DOCUMENTS[document](NOT_JSON[wrong]))
    assert what.endswith("which is not JSON")


@pytest.mark.parametrize(
    "wrong",
    [{"Ref": 5}, {"Fn::GetAtt": 5}, {"Fn::GetAtt": []}, {"Fn::GetAtt": ["A"]}, {"Fn::Sub": {}}, {"Fn::Sub": ["x"]}],
)
def test_intrinsic_functions_of_the_wrong_form(wrong):
    (what,) = mistakes(DOCUMENTS["properties"]({"x": [wrong]}))
    assert what == f"the properties of 'Photos' has {wrong!r}"


def test_attributes_of_handles_may_stand_in_every_document():
    made = lakon.Service("imager")
    photos, jobs, news = made.bucket("photos"), made.queue("jobs"), made.topic("news")
    said = {"kind": [photos.name]}
    made.function(
        name="stamp",
        on=[
            lakon.every("1 hour", payload=said),
            lakon.event(detail=said),
            jobs.messages(filter={"body": said}),
            news.messages(filter=said),
        ],
    )(handler)
    made.secret("db", key="password", template={"bucket": photos.name})
    assert "lakon:" not in synthesize(made, stage="dev", root=ROOT).text
