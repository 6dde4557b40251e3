"""What a program may not say: every mistake at once, each with its line and what to write instead."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.limits import check_limits
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]
LAYER = "arn:aws:lambda:eu-west-1:111122223333:layer:tools:3"


def handler(event, context):
    """Do nothing."""


async def asynchronous(event, context):
    """Do nothing, later."""


class Handler:
    """Be no function."""


SNAPSHOT = "'stamp' has snap_start and an ephemeral_storage of 1024 MB"
DIGIT = "'stamp' would find the table '2024-orders' in a variable named '2024_ORDERS_TABLE_NAME'"
SET = "'stamp' sets 'T_TABLE_NAME', by which Lakon tells it where a resource is"


def mistakes(service, stage="dev"):
    try:
        check_limits(synthesize(service, stage=stage, root=ROOT), service, root=ROOT)
    except ProgramError as error:
        return error.mistakes
    return ()


def only(service, stage="dev"):
    found = mistakes(service, stage)
    assert len(found) == 1, found
    return found[0]


def service_with(**options):
    service = lakon.Service("imager")
    service.function(**{"name": "stamp", **options})(handler)
    return service


def test_all_mistakes_are_told_at_once_in_the_order_of_the_source():
    service = lakon.Service("Imager!")
    service.bucket("Photos")
    service.function(name="stamp", memory=64, timeout=1000)(handler)
    first = service.origin.line
    assert [(m.where, m.what) for m in mistakes(service)] == [
        (f"test_mistakes.py:{first}", "the service's name is 'Imager!'"),
        (f"test_mistakes.py:{first + 1}", "a bucket is named 'Photos'"),
        (f"test_mistakes.py:{first + 2}", "memory of 'stamp' in MB is 64"),
        (f"test_mistakes.py:{first + 2}", "timeout of 'stamp' in seconds is 1000"),
    ]
    assert all(mistake.hint for mistake in mistakes(service))


@pytest.mark.parametrize("other", [{"physical_name": "old"}, {"name": "old"}])
def test_two_functions_of_one_name_in_aws(other):
    service = service_with(physical_name="old" if "name" not in other else "imager-dev-old")
    service.function(**{"name": "report", **other})(mistakes)
    mistake = only(service)
    assert f"'stamp' and '{other.get('name', 'report')}' would be one function in AWS" in mistake.what
    assert mistakes(service, stage="prod") == () or "name" not in other


def test_a_program_without_mistakes_has_none():
    assert mistakes(service_with()) == ()


def test_the_error_tells_each_mistake():
    with pytest.raises(ProgramError) as raised:
        synthesize(service_with(memory=64), stage="dev", root=ROOT)
    assert "memory of 'stamp' in MB is 64" in str(raised.value)
    assert "from 128 to 10,240" in str(raised.value)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"memory": 10_241}, "memory of 'stamp' in MB is 10241"),
        ({"memory": "512"}, "memory of 'stamp' in MB is '512'"),
        ({"memory": True}, "memory of 'stamp' in MB is True"),
        ({"timeout": 0}, "timeout of 'stamp' in seconds is 0"),
        ({"ephemeral_storage": 100}, "ephemeral_storage of 'stamp' in MB is 100"),
        ({"reserved_concurrency": -1}, "reserved_concurrency of 'stamp' is -1"),
        ({"retries": 3}, "retries of 'stamp' is 3"),
        ({"provisioned_concurrency": 0}, "provisioned_concurrency of 'stamp' is 0"),
        ({"traffic": "canary"}, "traffic of 'stamp' is 'canary'"),
        ({"traffic": lakon.Canary(100, minutes=5)}, "percent of the traffic of 'stamp' is 100"),
        ({"traffic": lakon.Linear(10, minutes=0)}, "minutes of the traffic of 'stamp' is 0"),
        ({"traffic": lakon.AllAtOnce(before="nobody")}, "a hook of the traffic of 'stamp' is 'nobody'"),
        ({"traffic": lakon.AllAtOnce(after="stamp")}, "a hook of the traffic of 'stamp' is 'stamp'"),
        ({"max_event_age": 10}, "max_event_age of 'stamp' in seconds is 10"),
        ({"architecture": "riscv"}, "the architecture is 'riscv'"),
        ({"log_retention_days": 8}, "logs are kept for 8 days"),
        ({"log_format": "xml"}, "log_format of 'stamp' is 'xml'"),
        ({"log_level": "INFO"}, "log_level of 'stamp' is 'INFO' with log_format 'text'"),
        ({"layers": [LAYER] * 6}, "'stamp' has 6 layers"),
        ({"description": "x" * 257}, "the description of 'stamp' has 257 characters"),
        ({"tags": {"aws:x": "y"}}, "the tag 'aws:x' has the value 'y'"),
        ({"env": {"AWS_REGION": "x"}}, "'stamp' has a variable named 'AWS_REGION'"),
        ({"env": {"1X": "x"}}, "'stamp' has a variable named '1X'"),
        ({"env": {"COUNT": 1}}, "the variable 'COUNT' of 'stamp' is 1"),
        ({"env": {"LONG": "x" * 4096}}, "the environment of 'stamp' has 4,100 bytes"),
        ({"layers": "tools"}, "'stamp' has the layer 'tools'"),
        ({"kms_key": ""}, "kms_key of 'stamp' is ''"),
        ({"name": ""}, "a function is named ''"),
        ({"physical_name": ""}, "physical_name of 'stamp' is ''"),
        ({"physical_name": 5}, "physical_name of 'stamp' is 5"),
        ({"physical_name": "x" * 65}, f"physical_name of 'stamp' is '{'x' * 65}'"),
        (
            {"physical_name": "arn:aws:lambda:us-east-1:1:function:a"},
            "physical_name of 'stamp' is 'arn:aws:lambda:us-east-1:1:function:a'",
        ),
        ({"architecture": ""}, "the architecture is ''"),
        ({"log_retention_days": 0}, "logs are kept for 0 days"),
        ({"vpc": {"subnets": []}}, "vpc of 'stamp' is {'subnets': []}"),
        ({"snap_start": True, "ephemeral_storage": 1024}, SNAPSHOT),
        ({"uses": lakon.Table.existing("2024-orders").read}, DIGIT),
        ({"uses": lakon.Table.existing("été").read, "env": {"T_TABLE_NAME": "x"}}, SET),
        ({"dead_letters": "jobs"}, "dead_letters of 'stamp' is 'jobs'"),
        ({"on_failure": "arn:aws:ec2:eu-west-1:1:x"}, "on_failure of 'stamp' is 'arn:aws:ec2:eu-west-1:1:x'"),
        ({"alarms": [lakon.errors(threshold=0)]}, "an alarm of 'stamp' has the threshold 0"),
        ({"alarms": [lakon.duration(p99="15 seconds")]}, "an alarm of 'stamp' has the length '15 seconds'"),
        ({"alarms": [lakon.errors(minutes=0)]}, "minutes of an alarm of 'stamp' is 0"),
        ({"alarms": [lakon.errors(notify="pager")]}, "an alarm of 'stamp' notifies 'pager'"),
        ({"on": [lakon.every("0 minutes")]}, "'stamp' has the schedule 'rate(0 minutes)'"),
        ({"on": [lakon.every("often")]}, "'stamp' has the schedule 'rate(often)'"),
        ({"on": [lakon.cron("0 8 * * *")]}, "'stamp' has the schedule 'cron(0 8 * * *)'"),
        ({"on": [lakon.cron("99 99 * * ? *")]}, "'stamp' has the schedule 'cron(99 99 * * ? *)'"),
        ({"on": [lakon.at("2027-02-29T18:00:00")]}, "'stamp' has the schedule 'at(2027-02-29T18:00:00)'"),
        ({"on": [lakon.event({"source": "shop"})]}, "'stamp' has a pattern that is wrong at 'source'"),
        ({"on": [lakon.event(detail={"state": {"kind": 5}})]}, "'stamp' has a pattern that is wrong at 'kind'"),
        ({"on": [lakon.at("tomorrow")]}, "'stamp' has the schedule 'at(tomorrow)'"),
        ({"on": [lakon.every("5 minutes"), "often"]}, "on= of 'stamp' has 'often', which is no trigger"),
        ({"on": [lakon.event({})]}, "'stamp' has the event pattern {}"),
        ({"on": [lakon.event({"sauce": ["x"]})]}, "'stamp' has the event pattern {'sauce': ['x']}"),
        ({"uses": ["everything"]}, "uses= of 'stamp' has 'everything', which grants nothing"),
        ({"uses": [lakon.allow("DetectLabels", "*")]}, "'stamp' is allowed 'DetectLabels'"),
        ({"uses": [lakon.allow("s3:GetObject", "photos")]}, "'stamp' is allowed something on 'photos'"),
        ({"uses": [lakon.invoke("nobody")]}, "'stamp' may invoke 'nobody', which is no function of this service"),
    ],
)
def test_a_function(options, what):
    assert only(service_with(**options)).what == what


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"python": "3.9"}, "the service wants Python '3.9'"),
        ({"architecture": "arm"}, "the architecture is 'arm'"),
        ({"log_retention_days": 0}, "logs are kept for 0 days"),
        ({"description": "x" * 1025}, "the description of 'imager' has 1,025 characters"),
        ({"description": "é" * 1000}, "the description of 'imager' has 2,000 bytes"),
        ({"tags": {"": "x"}}, "the tag '' has the value 'x'"),
    ],
)
def test_a_service(options, what):
    service = lakon.Service("imager", **options)
    service.bucket("photos")
    assert only(service).what == what


def test_an_empty_service():
    assert only(lakon.Service("imager")).what == "the service 'imager' declares nothing"


def test_a_stage():
    assert only(service_with(), stage="Dev").what == "the stage's name is 'Dev'"


def declare(text):
    service = lakon.Service("imager")
    eval(text, {"service": service, "lakon": lakon})
    return service


@pytest.mark.parametrize(
    ("declaration", "what"),
    [
        ("service.bucket('my_Photos')", "a bucket is named 'my_Photos'"),
        ("service.table('a b', key='x')", "a table is named 'a b'"),
        ("service.bucket('photos', expire_days=0)", "expire_days of 'photos' is 0"),
        ("service.table('index', key='a:X')", "the table 'index' has the key 'a:X'"),
        ("service.table('index', key='')", "the table 'index' has the key ''"),
        (
            "service.table('index', key='a', indexes={'by-a': 'a:N'})",
            "the attribute 'a' of the table 'index' has two types, S and N",
        ),
        ("service.table('index', key='a', sort='a:N')", "the table 'index' has 'a' both as key and as sort key"),
        (
            "service.table('index', key='a', indexes={'by-b': ('b', 'b')})",
            "the table 'index' has 'b' both as key and as sort key",
        ),
        (
            "service.table('index', key='a', indexes={'x y!': 'b'})",
            "the table 'index' has an index named 'x y!'",
        ),
        (
            "service.table('index', key='a', indexes={f'by-{n}': 'b' for n in range(21)})",
            "the table 'index' has 21 indexes",
        ),
        (
            "service.table('index', key='a', indexes={'by-b': ('b', 'c', 'd')})",
            "the index 'by-b' of the table 'index' has the key ('b', 'c', 'd')",
        ),
        ("service.table('index', key='a', ttl='')", "the table 'index' has the key ''"),
        ("service.topic('news', display_name='x' * 101)", "display_name of 'news' has 101 characters"),
        ("service.queue('jobs', dead_letters='x')", "dead_letters of 'jobs' is 'x'"),
        ("service.secret('s', key='')", "key of 's' is ''"),
        ("service.resource('Cache', 'AWS::X::Y', depends_on='X')", "the resource 'Cache' depends on 'X'"),
        (
            "service.resource('Cache', 'AWS::X::Y', depends_on=lakon.Bucket.existing('x'))",
            "the resource 'Cache' depends on <bucket 'x'>",
        ),
        (
            "service.resource('Cache', 'AWS::X::Y', {'A': [{'Ref': 'Nobody'}]})",
            "Cache refers to Nobody, and there is no such resource",
        ),
        (
            "service.resource('Cache', 'AWS::X::Y', {'A': {'Fn::GetAtt': 5}})",
            "the properties of 'Cache' has {'Fn::GetAtt': 5}",
        ),
        ("service.queue('jobs', delay=901)", "delay of 'jobs' in seconds is 901"),
        ("service.queue('jobs', retention_days=15)", "retention_days of 'jobs' is 15"),
        ("service.queue('jobs', max_receives=0)", "max_receives of 'jobs' is 0"),
        ("service.queue('jobs', visibility=-1)", "visibility of 'jobs' in seconds is -1"),
        (
            "service.queue('jobs', dead_letters=lakon.Queue.existing('other.fifo'))",
            "the queue 'jobs' and its dead letter queue are not both FIFO",
        ),
        ("service.parameter('p', '')", "the parameter 'p' has the text ''"),
        ("service.secret('s', template={'a': 'b'})", "the secret 's' has a template but no key"),
        ("service.secret('s', length=0)", "length of 's' is 0"),
        ("service.log_group('audit', retention_days=2)", "logs are kept for 2 days"),
        ("service.resource('my-cache', 'AWS::X::Y')", "a resource has the logical id 'my-cache'"),
        ("service.resource('Cache', 'ElastiCache')", "the resource 'Cache' has the type 'ElastiCache'"),
    ],
)
def test_a_resource(declaration, what):
    assert only(declare(declaration)).what == what


def test_a_handler_that_lambda_cannot_import():
    service = lakon.Service("imager")

    @service.function
    def nested(event, context):
        """Live inside a function."""

    assert only(service).what.startswith("the handler of 'nested' is ")
    assert "top level" in only(service).hint


@pytest.mark.parametrize("wrong", [asynchronous, Handler, 5])
def test_a_handler_that_lambda_cannot_call(wrong):
    service = lakon.Service("imager")
    service.function(name="stamp")(wrong)
    assert only(service).what.startswith("the handler of 'stamp' is ")


def test_snapshots_of_an_old_python():
    service = lakon.Service("imager", python="3.11")
    service.function(name="stamp", snap_start=True)(handler)
    assert only(service).what == "'stamp' has snap_start under Python 3.11"


def test_names_that_become_too_long():
    service = lakon.Service("a" * 40)
    service.function(name="b" * 30)(handler)
    assert "has 75 characters" in only(service).what


def test_bucket_names_that_become_too_long():
    service = lakon.Service("a" * 30)
    service.bucket("b" * 20)
    assert "which has 68 characters" in only(service).what


def test_a_handle_in_place_of_a_grant():
    service = lakon.Service("imager")
    photos = service.bucket("photos")
    service.function(name="stamp", uses=[photos])(handler)  # type: ignore[list-item]  # the mistake under test
    assert only(service).hint == "say how it is used: photos.read or .write or .read_write"


def test_existing_buckets_cannot_call():
    assert "notifications" in only(service_with(on=lakon.Bucket.existing("old").created())).hint


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"batch": 11}, "'stamp' takes 11 messages at once without a window"),
        ({"batch": 0}, "batch of 'jobs' is 0"),
        ({"window": 301}, "window of 'jobs' in seconds is 301"),
        ({"concurrency": 1}, "concurrency of 'jobs' is 1"),
        ({"filter": [{"body": [1]}] * 6}, "'stamp' has 6 filters on 'jobs'"),
    ],
)
def test_a_queue_trigger(options, what):
    service = lakon.Service("imager")
    service.function(name="stamp", on=service.queue("jobs").messages(**options))(handler)
    assert only(service).what == what


def test_a_visibility_shorter_than_the_function():
    service = lakon.Service("imager")
    service.function(name="stamp", timeout=60, on=service.queue("jobs", visibility=30).messages())(handler)
    assert "longer than the visibility" in only(service).what


def test_fifo_where_lambda_takes_none():
    service = lakon.Service("imager")
    news, jobs = service.topic("news", fifo=True), service.queue("jobs", fifo=True)
    service.function(name="stamp", on=news.messages(), dead_letters=jobs)(handler)
    assert [mistake.what for mistake in mistakes(service)] == [
        "dead_letters of 'stamp' is <queue 'jobs'>",
        "'stamp' is called by the FIFO topic 'news'",
    ]


def test_too_many_resources():
    service = lakon.Service("imager")
    for number in range(501):
        service.log_group(f"g{number}")
    assert "needs 501 resources" in only(service).what


def test_too_many_archives():
    service = lakon.Service("imager")
    for number in range(200):
        service.go_function(f"f{number}", source=".")
    assert "would have 201 parameters" in only(service).what


def test_a_policy_that_is_too_long():
    grants = [lakon.allow("s3:GetObject", f"arn:aws:s3:::bucket-{number:03}/" + "x" * 60) for number in range(100)]
    assert "the role's policy has" in only(service_with(uses=grants)).what


def test_a_duration_alarm_has_one_statistic():
    with pytest.raises(TypeError, match="exactly one statistic"):
        lakon.duration(p99="1s", p50="2s")


def test_the_place_is_the_line_of_the_declaration():
    service = lakon.Service("imager")
    line = sys._getframe().f_lineno + 1
    service.bucket("Photos")
    assert only(service).where == f"test_mistakes.py:{line}"
