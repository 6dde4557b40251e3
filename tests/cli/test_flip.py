"""A stack without a bucket: stubs first, then real code, one function at a time, all or nothing."""

# mypy: allow-untyped-defs, allow-untyped-calls

import functools
import subprocess
import sys
import time

import pytest

from tests.build.golang import HELLO, go_mod, needs_go

PROGRAM = """
import lakon

service = lakon.Service("born", python="{python}")
orders = service.queue("orders")


@service.function(on=[orders.messages(batch=1), lakon.every("1 day"), lakon.event(source="shop")], memory=256)
def take(event, context):
    return "real"


@service.function(log_format="json")
def tell(event, context):
    if "lakon" in event:
        raise KeyError("it knows no health checks")
    return "real"
"""
BROKEN = """
import lakon
import os

if os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
    raise ValueError("at import")
"""
GO = """
service.go_function("fast", source="fast")
"""


@pytest.fixture
def born(run, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    yield app
    run("local", "stop")


class Aws:
    """The embedded AWS as another tool sees it."""

    def __init__(self, run):
        import boto3

        self.endpoint = run("local", "status").out.strip().split()[-1]
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        self.client = functools.cache(lambda service: session.client(service, endpoint_url=self.endpoint))

    def function(self, name):
        return self.client("lambda").get_function(FunctionName=f"born-dev-{name}")["Configuration"]

    def triggers(self):
        [schedule] = self.client("scheduler").list_schedules()["Schedules"]
        [rule] = self.client("events").list_rules()["Rules"]
        return schedule["State"], rule["State"]

    def mappings(self):
        return [each["State"] for each in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]]

    def waiting(self):
        """How many messages the queue holds."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client("sqs").get_queue_attributes(QueueUrl=self.queue(), AttributeNames=names)
        return sum(map(int, told["Attributes"].values()))

    def queue(self):
        [url] = [url for url in self.client("sqs").list_queues()["QueueUrls"] if "dead" not in url.lower()]
        return url

    def send(self):
        self.client("sqs").send_message(QueueUrl=self.queue(), MessageBody="one")

    def calls(self, name):
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/born-dev-{name}")["events"]
        return sum("START RequestId" in each["message"] for each in events)

    def tries(self, name):
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/born-dev-{name}")["events"]
        return sum("health check" in each["message"] for each in events)

    def buckets(self):
        return [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]]


def functions(run):
    told = run("status", "--local", "--json").json()["functions"]
    return {name: each["state"] for name, each in told.items()}


def until(true):
    for _ in range(100):
        if true():
            return True
        time.sleep(0.1)
    return False


def call(run, name, payload="{}"):
    return run("invoke", name, payload, "--local")


def code_to_move(run):
    told = run("provision", "--local", "--no-bucket", "--dry-run", "--json").json()
    assert told["empty"] is not bool(told["code"] or told["resources"])
    return {tuple(each["resources"]): [file["path"] for file in each["files"]] for each in told["code"]}


def test_from_stubs_to_code(run, born, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text(commit + "\n")
    made = run("provision", "--local", "--no-bucket")
    assert made.code == 0, made.err
    aws = Aws(run)
    assert aws.buckets() == []
    assert functions(run) == {"take": "stub", "tell": "stub"}
    assert aws.triggers() == ("DISABLED", "DISABLED")
    assert aws.mappings() == ["Disabled"]
    aws.send()
    assert call(run, "tell", '{"lakon": "health"}').json()["lakon"] == "stub"
    failed = call(run, "tell")
    assert failed.code == 7
    assert "is a stub" in failed.err + failed.out

    assert (aws.waiting(), aws.calls("take")) == (1, 0), "what calls a stub is off"
    done = run("flip", "take", "--local", "--json")
    assert done.code == 0, done.err
    assert done.json() == {"flipped": ["take"], "unchanged": []}
    assert functions(run) == {"take": "live", "tell": "stub"}
    assert aws.triggers() == ("ENABLED", "ENABLED")
    assert aws.mappings() == ["Enabled"]
    assert call(run, "take").json() == "real"
    assert until(lambda: aws.waiting() == 0)
    assert run("flip", "--local", "--json").json() == {"flipped": ["tell"], "unchanged": ["take"]}
    assert call(run, "tell").json() == "real"
    seen = run("status", "--local").out
    assert "live" in seen
    assert commit[:12] in seen

    text = born.read_text()
    born.write_text(text.replace("memory=256", "memory=512").replace('"real"', '"newer"'))
    assert code_to_move(run) == {("TakeFunction", "TellFunction"): ["app.py"]}
    changed = run("provision", "--local", "--no-bucket")
    assert changed.code == 0, changed.err
    assert functions(run) == {"take": "live", "tell": "live"}, "no stub comes back"
    assert aws.function("take")["MemorySize"] == 512
    assert call(run, "take").json() == "newer"
    assert aws.triggers() == ("ENABLED", "ENABLED")
    assert code_to_move(run) == {}
    again = run("provision", "--local", "--no-bucket", "--json").json()
    assert (again["action"], again["flipped"]) == ("unchanged", [])
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text(commit[::-1] + "\n")
    assert run("flip", "--local", "--json").json() == {"flipped": [], "unchanged": ["take", "tell"]}
    assert commit[::-1][:12] in run("status", "--local").out, "of the same code the newest source is told"

    born.write_text(born.read_text().replace('"newer"', '"newest"'))
    assert "TakeFunction, TellFunction: 1 file changed" in run("provision", "--local", "--no-bucket", "--dry-run").out
    moved = run("provision", "--local", "--no-bucket")
    assert "born-dev: unchanged, take, tell flipped" in moved.err
    assert call(run, "take").json() == "newest"

    refused = run("provision", "--local", "--code-only")
    assert refused.code == 2
    assert "`lakon flip --local` exchanges code there" in refused.err
    with_bucket = run("provision", "--local", "--json")
    assert with_bucket.json()["action"] == "updated", "a stack may get a bucket later"
    assert call(run, "take").json() == "newest"
    assert aws.triggers() == ("ENABLED", "ENABLED")
    back = run("provision", "--local", "--no-bucket")
    assert back.code == 2
    assert "its functions would be stubs again" in back.err
    assert "has no stubs" in run("flip", "--local").err


def test_what_fails_is_taken_back(run, born):
    text = born.read_text()
    assert run("provision", "--local", "--no-bucket").code == 0
    aws = Aws(run)
    refused = run("flip", "take", "--local", "--event", "no JSON")
    assert refused.code == 2
    born.write_text(text.replace("import lakon\n", BROKEN, 1))
    failed = run("flip", "take", "--local")
    assert failed.code == 6
    assert "born-dev-take failed with its new code" in failed.err
    assert "at import" in failed.err
    failed = run("flip", "tell", "--local")
    assert failed.code == 6, "its log is JSON"
    assert "born-dev-tell failed with its new code" in failed.err
    assert functions(run) == {"take": "stub", "tell": "stub"}
    assert aws.triggers() == ("DISABLED", "DISABLED")
    assert call(run, "take", '{"lakon": "health"}').json()["lakon"] == "stub"

    born.write_text(text)
    assert run("flip", "--local").code == 0
    born.write_text(text.replace('return "real"', 'raise ValueError("as asked")'))
    failed = run("flip", "take", "--local", "--event", "{}")
    assert failed.code == 6
    assert "ValueError: as asked" in failed.err
    assert call(run, "take").json() == "real", "what was live is live"
    assert functions(run) == {"take": "live", "tell": "live"}
    published = aws.client("lambda").list_versions_by_function(FunctionName="born-dev-take")["Versions"]
    assert len(published) == 2, "$LATEST and the one that works"
    assert run("flip", "take", "--local", "--no-event").code == 0
    assert run("flip", "nobody", "--local").code == 2
    assert run("flip", "--local", "--event", "{}", "--no-event").code == 2
    assert run("flip", "--local", "--stage", "other").code == 6
    for option in ("--tag=release=7", "--param=Level=info"):
        assert "No such option" in run("flip", "--local", option).err, "they are the template's"


def test_no_event_is_remembered(run, born):
    handler = "    if event == {'lakon': 'health'}:\n        print('health' + ' check')\n    return \"real\""
    text = born.read_text().replace('    return "real"', handler)
    born.write_text(text)
    assert run("provision", "--local", "--no-bucket").code == 0
    aws = Aws(run)

    def changes(memory):
        born.write_text(text.replace("memory=256", f"memory={memory}"))
        assert run("provision", "--local", "--no-bucket").code == 0
        assert functions(run)["take"] == "live"

    assert run("flip", "take", "--local", "--no-event").code == 0
    changes(512)
    assert aws.tries("take") == 0
    assert run("flip", "take", "--local").code == 0
    changes(640)
    assert until(lambda: aws.tries("take") == 1)
    assert run("flip", "take", "--local", "--no-event").code == 0
    changes(768)
    assert aws.tries("take") == 1


FAILING = """
arn = {"Fn::GetAtt": ["TakeFunction", "Arn"]}  # which is changed before
service.resource("Bad", "AWS::SSM::Parameter", {"Name": "broken", "Type": "Nonsense", "Value": arn})
"""


def test_what_a_change_that_fails_leaves(run, born):
    text = born.read_text()
    assert run("provision", "--local", "--no-bucket").code == 0
    assert run("flip", "--local").code == 0
    aws = Aws(run)
    changed = text.replace('"real"', '"newer"').replace("memory=256", 'memory=512, env={"LEVEL": "5"}') + FAILING
    born.write_text(changed)
    failed = run("provision", "--local", "--no-bucket")
    assert failed.code == 6, failed.err
    assert "Bad" in failed.err
    assert aws.function("take")["MemorySize"] == 256
    assert call(run, "take").json() == call(run, "tell").json() == "real", "code and settings go together"
    assert functions(run) == {"take": "live", "tell": "live"}
    assert aws.triggers() == ("ENABLED", "ENABLED")

    client = aws.client("lambda")
    for version in client.list_versions_by_function(FunctionName="born-dev-take")["Versions"]:
        if version["Version"] != "$LATEST":
            client.delete_function(FunctionName="born-dev-take", Qualifier=version["Version"])
    failed = run("provision", "--local", "--no-bucket")
    assert failed.code == 6, failed.err
    assert failed.err.index("Bad") < failed.err.index("no version of born-dev-take has the code"), "the cause is first"
    assert functions(run)["tell"] == "live"


OTHERS = """
group = service.resource("Nightly", "AWS::Scheduler::ScheduleGroup", {"Name": "nightly"})
arn = {"Fn::GetAtt": ["TellFunction", "Arn"]}
service.resource("Off", "AWS::Events::Rule", {
    "Name": "off", "State": "DISABLED", "EventPattern": {"source": ["b"]}, "Targets": [{"Arn": arn, "Id": "tell"}],
})
for name, known in ("Early", "nightly"), ("Late", {"Ref": "Nightly"}), ("Later", {"Fn::Sub": "${Nightly}"}):
    service.resource(name, "AWS::Scheduler::Schedule", {
        "Name": name, "GroupName": known, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": arn, "RoleArn": {"Fn::GetAtt": ["TakeScheduleRole", "Arn"]}},
    })
"""


def test_what_the_program_declares_by_itself(run, born):
    text = born.read_text() + OTHERS
    born.write_text(text)
    made = run("provision", "--local", "--no-bucket")
    assert made.code == 0, made.err
    aws = Aws(run)

    def states():
        rows = aws.client("scheduler").list_schedules(GroupName="nightly")["Schedules"]
        return aws.client("events").describe_rule(Name="off")["State"], {each["State"] for each in rows}

    assert states() == ("DISABLED", {"DISABLED"})
    done = run("flip", "tell", "--local")
    assert done.code == 0, done.err
    assert states() == ("DISABLED", {"ENABLED"}), "what is declared off stays so"
    born.write_text(text.replace('"State": "DISABLED"', '"State": "ENABLED"'))
    assert run("provision", "--local", "--no-bucket").code == 0
    assert states() == ("ENABLED", {"ENABLED"})
    born.write_text(text)
    assert run("provision", "--local", "--no-bucket").code == 0
    assert states() == ("DISABLED", {"ENABLED"}), "it was switched on beside CloudFormation"
    aws.client("scheduler").delete_schedule(Name="Early", GroupName="nightly")
    failed = run("flip", "tell", "--local")
    assert failed.code != 0
    assert "tell could not be flipped: AWS refused scheduler:GetSchedule" in failed.err
    assert "`lakon flip tell --local` begins anew" in failed.err


def test_go(run, born, tmp_path):
    needs_go()
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast" / "go.mod").write_text(go_mod("fast"))
    (tmp_path / "fast" / "main.go").write_text(HELLO)
    born.write_text(born.read_text() + GO)
    made = run("provision", "--local", "--no-bucket", GOCACHE=go_cache())
    assert made.code == 0, made.err
    aws = Aws(run)
    assert aws.function("fast")["Runtime"].startswith("python")
    done = run("flip", "fast", "--local", "--event", '"health"', GOCACHE=go_cache())
    assert done.code == 0, done.err
    assert (aws.function("fast")["Runtime"], aws.function("fast")["Handler"]) == ("provided.al2023", "bootstrap")
    assert call(run, "fast", '"you"').json() == "hello you"


def go_cache():
    return subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
