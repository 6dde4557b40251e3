"""Every kind of front door on the embedded AWS: made as asked for, changed, and gone with the stack.

How they answer is not the emulator's business: Lakon opens them itself, from the program.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.testing.cloud import Cloud, Local


class Update:
    """A stack that was `doors.py` and became `doors_after.py`."""

    def __init__(self, before: Cloud, after: Cloud, deployed: str) -> None:
        self.before = before
        self.cloud = after
        self.deployed_before = deployed


@pytest.fixture(scope="module")
def created(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/doors.py", stage="created") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def updated(lakon_local: Local) -> Iterator[Update]:
    with lakon_local("programs/doors.py", stage="updated") as before:
        deployed = stage(before)["deploymentId"]
        with lakon_local("programs/doors_after.py", stage="updated") as after:
            yield Update(before, after, deployed)


def ids(cloud: Cloud) -> dict[str, str]:
    resources = cloud.cloudformation.describe_stack_resources(StackName=cloud.stack)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}


def stage(cloud: Cloud) -> Any:
    return cloud.apigateway.get_stage(restApiId=ids(cloud)["OrdersRestApi"], stageName="live")


def methods(cloud: Cloud) -> set[tuple[str, str]]:
    found = cloud.apigateway.get_resources(restApiId=ids(cloud)["OrdersRestApi"])["items"]
    return {(method, each["path"]) for each in found for method in each.get("resourceMethods", {})}


def routes(cloud: Cloud, api: str) -> dict[str, Any]:
    return {each["RouteKey"]: each for each in cloud.apigatewayv2.get_routes(ApiId=ids(cloud)[api])["Items"]}


def rules(cloud: Cloud) -> dict[str, list[str]]:
    """The paths of a load balancer's rules, by their priority."""
    found = cloud.elbv2.describe_rules(ListenerArn=ids(cloud)["EdgeLoadBalancerListener"])["Rules"]
    return {each["Priority"]: path(each) for each in found if not each["IsDefault"]}


def path(rule: Any) -> list[str]:
    [condition] = [each for each in rule["Conditions"] if each["Field"] == "path-pattern"]
    values: list[str] = condition["PathPatternConfig"]["Values"] if "PathPatternConfig" in condition else []
    return values or condition["Values"]


def test_a_rest_api_is_made_and_deployed(created: Cloud) -> None:
    assert methods(created) == {
        ("GET", "/orders"),
        ("OPTIONS", "/orders"),
        ("POST", "/orders/{id}"),
        ("OPTIONS", "/orders/{id}"),
    }
    made = stage(created)
    assert made["variables"] == {"colour": "blue"}
    assert made["methodSettings"]["*/*"]["throttlingRateLimit"] == 1000


def test_the_keys_of_a_plan_have_values(created: Cloud) -> None:
    key = created.apigateway.get_api_key(apiKey=ids(created)["OrdersRestApiAnnApiKey"], includeValue=True)
    assert len(key["value"]) >= 20
    [plan] = [each for each in created.apigateway.get_usage_plans()["items"] if created.stack in each["name"]]
    assert plan["throttle"] == {"rateLimit": 5, "burstLimit": 10}
    assert [each["stage"] for each in plan["apiStages"]] == ["live"]


def test_an_http_api_is_made(created: Cloud) -> None:
    [route] = routes(created, "PublicHttpApi").values()
    assert (route["RouteKey"], route["AuthorizationType"]) == ("GET /hello", "CUSTOM")
    made = created.apigatewayv2.get_stage(ApiId=ids(created)["PublicHttpApi"], StageName="$default")
    assert made["AutoDeploy"]
    [mapping] = created.apigatewayv2.get_api_mappings(DomainName="api-created.doors.example")["Items"]
    assert mapping["ApiId"] == ids(created)["PublicHttpApi"]


def test_a_websocket_api_is_made(created: Cloud) -> None:
    api = ids(created)["ChatWebSocketApi"]
    [route] = routes(created, "ChatWebSocketApi").values()
    [response] = created.apigatewayv2.get_route_responses(ApiId=api, RouteId=route["RouteId"])["Items"]
    assert (route["RouteKey"], response["RouteResponseKey"]) == ("say", "$default")


def test_a_load_balancer_is_made(created: Cloud) -> None:
    found = rules(created)
    assert found.pop("5") == ["/a"]
    assert list(found.values()) == [["/b/*"]]
    group = ids(created)["EdgeLoadBalancerServeFunctionTargets"]
    attributes = created.elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "lambda.multi_value_headers.enabled", "Value": "true"} in attributes


def test_a_function_url_is_open(created: Cloud) -> None:
    made = created.client("lambda").get_function_url_config(FunctionName=created.name("serve"))
    assert made["AuthType"] == "NONE"
    policy = json.loads(created.client("lambda").get_policy(FunctionName=created.name("serve"))["Policy"])
    assert {each["Action"] for each in policy["Statement"]} == {"lambda:InvokeFunction", "lambda:InvokeFunctionUrl"}


def test_the_files_of_a_site_are_there(created: Cloud) -> None:
    bucket = ids(created)["SiteSiteBucket"]
    page = created.s3.get_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    told = json.loads(created.s3.get_object(Bucket=bucket, Key="manifest.json")["Body"].read())
    assert told == {"apis": {"public": created.url("public"), "chat": created.url("chat")}, "version": 1}
    assert created.s3.get_bucket_website(Bucket=ids(created)["OldSiteBucket"])["IndexDocument"] == {
        "Suffix": "index.html"
    }


def test_a_changed_rest_api_is_deployed(updated: Update) -> None:
    assert ("POST", "/orders/{order}") in methods(updated.cloud)
    assert ("POST", "/orders/{id}") not in methods(updated.cloud)
    assert stage(updated.cloud)["deploymentId"] != updated.deployed_before


def test_other_front_doors_change(updated: Update) -> None:
    assert set(routes(updated.cloud, "PublicHttpApi")) == {"GET /greeting"}
    [route] = routes(updated.cloud, "ChatWebSocketApi").values()
    api = ids(updated.cloud)["ChatWebSocketApi"]
    assert updated.cloud.apigatewayv2.get_route_responses(ApiId=api, RouteId=route["RouteId"])["Items"] == []
    assert rules(updated.cloud)["5"] == ["/x"]


def test_a_changed_manifest_is_published(updated: Update) -> None:
    manifest = updated.cloud.s3.get_object(Bucket=ids(updated.cloud)["SiteSiteBucket"], Key="manifest.json")
    assert json.loads(manifest["Body"].read())["version"] == 2


def test_a_stack_that_is_deleted_takes_its_front_doors_and_files_along(lakon_local: Local) -> None:
    with lakon_local("programs/doors.py", stage="deleted") as cloud:
        made = ids(cloud)
        s3, gateway = cloud.s3, cloud.apigateway
    for bucket in (made["SiteSiteBucket"], made["OldSiteBucket"]):
        with pytest.raises(ClientError, match="404"):
            s3.head_bucket(Bucket=bucket)
    with pytest.raises(ClientError, match="NotFound"):
        gateway.get_rest_api(restApiId=made["OrdersRestApi"])
