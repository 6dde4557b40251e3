"""What API Gateway needs of an account before it logs: a role, set once for the account and region.

REST and WebSocket APIs cannot be deployed with access logs where there is none. It is not in the template: as a
resource of one stack, it would replace the role that others rely on, and leave them without one when the stack goes.
See "Set up CloudWatch logging for REST APIs in API Gateway".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.provision.progress import Pace
from lakon.provision.session import RefusedError
from lakon.synth.functions import assumed_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.provision.session import Session
    from lakon.report import Reporter

ROLE = "lakon-api-gateway-logs"
_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_ATTEMPTS = 20  # until IAM has told API Gateway of the role
_RATHER = {"AWS::ApiGateway::Stage": "AccessLogSetting", "AWS::ApiGatewayV2::Stage": "AccessLogSettings"}


def let_apis_log(session: Session, resources: Mapping[str, Mapping[str, object]], reporter: Reporter) -> None:
    """Set the account's role where a template's APIs need it and there is none; one that is set is left alone.

    Raises:
        ProvisionError: AWS refused.

    """
    if not needs_role(resources) or session.client("apigateway").get_account().get("cloudwatchRoleArn"):
        return
    with reporter.step(f"letting API Gateway write logs in {session.region}"):
        _set(session, _role(session))


def needs_role(resources: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether one of the resources is a stage of a REST or WebSocket API that logs; HTTP APIs need no role."""
    for resource in resources.values():
        properties = resource.get("Properties")
        setting = _RATHER.get(str(resource.get("Type")))
        if setting and isinstance(properties, dict) and setting in properties and properties["StageName"] != "$default":
            return True
    return False


def _role(session: Session) -> str:
    iam = session.client("iam")
    try:
        role = iam.create_role(
            RoleName=ROLE,
            Description="Lets API Gateway write logs; made by Lakon, once for the account",
            AssumeRolePolicyDocument=json.dumps(assumed_by("apigateway.amazonaws.com")),
        )["Role"]
    except RefusedError as refused:
        if refused.code != "EntityAlreadyExists":
            raise
        role = iam.get_role(RoleName=ROLE)["Role"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{session.partition}:iam::aws:policy/{_POLICY}")
    return role["Arn"]


def _set(session: Session, arn: str) -> None:
    pace = Pace(session)
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            session.client("apigateway").update_account(
                patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
            )
        except RefusedError as refused:
            if refused.code != "BadRequestException" or not attempts_left:
                raise
            pace.wait()
        else:
            return
