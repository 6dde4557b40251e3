"""Every gap that Lakon tells of is real: a test that fails here means that its entry has to go."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from lakon.local.gaps import GAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakon.testing.cloud import Cloud, Local


@pytest.fixture(scope="module")
def cloud(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/gaps.py") as cloud:
        yield cloud


def configuration(cloud: Cloud, function: str) -> Any:
    return cloud.client("lambda").get_function_configuration(FunctionName=cloud.name(function))


def ended(cloud: Cloud, function: str) -> int:
    """How many invocations of the function have ended."""
    return sum(line.startswith("REPORT") for line in cloud.logs(function))


def permissions(cloud: Cloud) -> None:
    assert cloud.invoke("reach", cloud.name("photos")) == 0


def alarms(cloud: Cloud) -> None:
    """Any metric makes the emulator look, and then it takes the errors of one function for those of all."""
    cloud.client("lambda").invoke(FunctionName=cloud.name("fail"))
    dimensions = [{"Name": "FunctionName", "Value": cloud.name("fail")}]
    cloud.wait_for(lambda: cloud.cloudwatch.list_metrics(MetricName="Errors", Dimensions=dimensions)["Metrics"])
    cloud.cloudwatch.put_metric_data(Namespace="Other", MetricData=[{"MetricName": "other", "Value": 1}])
    states = {
        alarm["Dimensions"][0]["Value"]: alarm["StateValue"]
        for alarm in cloud.cloudwatch.describe_alarms(AlarmNamePrefix=cloud.stack)["MetricAlarms"]
    }
    assert states[cloud.name("never_called")] == "ALARM"


def traffic(cloud: Cloud) -> None:
    """All calls go to the new version at once."""
    alias = cloud.client("lambda").get_alias(FunctionName=cloud.name("shifted"), Name="live")
    assert not alias.get("RoutingConfig")
    with pytest.raises(ClientError):
        cloud.client("codedeploy").list_applications()


def vpc(cloud: Cloud) -> None:
    assert "VpcConfig" not in configuration(cloud, "look")


def key(cloud: Cloud) -> None:
    assert "KMSKeyArn" not in configuration(cloud, "look")


def tracing(cloud: Cloud) -> None:
    """Asked for X-Ray itself, the emulator takes seconds to refuse: so it is asked for what it has."""
    with urlopen(f"{cloud.endpoint_url}/_ministack/health") as answer:
        services = json.load(answer)["services"]
    assert "s3" in services
    assert "xray" not in services


def architecture(cloud: Cloud) -> None:
    assert cloud.invoke("look") == platform.machine()


def time_zone(cloud: Cloud) -> None:
    [schedule] = cloud.scheduler.list_schedules(NamePrefix=f"{cloud.stack}-Look")["Schedules"]
    assert cloud.scheduler.get_schedule(Name=schedule["Name"])["ScheduleExpressionTimezone"] == "UTC"


def window(cloud: Cloud) -> None:
    before = ended(cloud, "look")
    cloud.sqs.send_message(QueueUrl=cloud.name("jobs"), MessageBody="alone")
    cloud.wait_for(lambda: ended(cloud, "look") > before)


def expiry(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        cloud.s3.get_bucket_lifecycle_configuration(Bucket=cloud.name("photos"))


def ttl(cloud: Cloud) -> None:
    described = cloud.dynamodb.describe_time_to_live(TableName=cloud.name("index"))
    assert described["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


def recovery(cloud: Cloud) -> None:
    backups = cloud.dynamodb.describe_continuous_backups(TableName=cloud.name("index"))
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "DISABLED"


def punctuation(cloud: Cloud) -> None:
    token = cloud.secretsmanager.get_secret_value(SecretId=cloud.name("token"))["SecretString"]
    assert not token.isalnum()


def fifo(cloud: Cloud) -> None:
    attributes = cloud.sns.get_topic_attributes(TopicArn=cloud.name("news"))["Attributes"]
    assert "FifoTopic" not in attributes


def counted(cloud: Cloud) -> int:
    with urlopen(f"{cloud.url('orders')}/orders") as answer:
        return int(answer.read())


def cache(cloud: Cloud) -> None:
    assert counted(cloud) != counted(cloud)


def policy(cloud: Cloud) -> None:
    """Nothing comes through a VPC endpoint here."""
    assert counted(cloud)


def validation(cloud: Cloud) -> None:
    """API Gateway would answer 400, and no function would run."""
    with pytest.raises(HTTPError, match="422"):
        urlopen(f"{cloud.url('orders')}/orders", b"{}")


def domain(cloud: Cloud) -> None:
    assert cloud.url("named").startswith("http://127.0.0.1:")


PROOFS: tuple[Callable[[Cloud], None], ...] = (
    permissions,
    alarms,
    traffic,
    vpc,
    key,
    tracing,
    architecture,
    time_zone,
    window,
    expiry,
    ttl,
    recovery,
    punctuation,
    fifo,
    cache,
    policy,
    validation,
    domain,
)


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.__name__)
def test_a_gap_is_real(proof: Callable[[Cloud], None], cloud: Cloud) -> None:
    proof(cloud)


def test_every_gap_is_proved() -> None:
    assert [gap.name.replace(" ", "_") for gap in GAPS] == [proof.__name__ for proof in PROOFS]
