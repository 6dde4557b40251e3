"""The role by which API Gateway logs: made once, and never in place of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.provision.gateways import ROLE, let_apis_log, needs_role

if TYPE_CHECKING:
    from tests.provision.conftest import World

LOGS = {"DestinationArn": "arn:aws:logs:x", "Format": "{}"}
REST = {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "live", "AccessLogSetting": LOGS}}
SOCKETS = {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "live", "AccessLogSettings": LOGS}}
HTTP = {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "$default", "AccessLogSettings": LOGS}}
SILENT = {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "live"}}


def role_of(world: World) -> str | None:
    return world.session.client("apigateway").get_account().get("cloudwatchRoleArn")


def test_only_stages_that_log_need_it() -> None:
    assert needs_role({"Stage": REST})
    assert needs_role({"Stage": SOCKETS})
    assert not needs_role(
        {"Stage": HTTP, "Other": SILENT, "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
    )


def test_it_is_made_once_and_left_alone(world: World) -> None:
    let_apis_log(world.session, {"Stage": HTTP}, world.reporter)
    before = role_of(world)
    let_apis_log(world.session, {"Stage": REST}, world.reporter)
    made = role_of(world)
    assert before is None or before == made
    assert str(made).endswith(f"role/{ROLE}")
    steps = list(world.reporter.steps)
    let_apis_log(world.session, {"Stage": REST}, world.reporter)
    assert world.reporter.steps == steps
    attached = world.session.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonAPIGatewayPushToCloudWatchLogs"]
