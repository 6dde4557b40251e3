"""A stack with AWS CodePipeline: source, build, the test stage, an approval, production."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.commands.pipelines.plan import Plan

TEMPLATE = "pipeline.json"
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"

Template = dict[str, object]


def files(plan: Plan) -> dict[str, str]:
    """The template of the pipeline: its path within the project, and its text."""
    return {TEMPLATE: json.dumps(template(plan), indent=2) + "\n"}


def template(plan: Plan) -> Template:
    """The template of the pipeline's own stack."""
    build = [*(["pytest"] if plan.tested else []), f"lakon build --stage {plan.test} --output out"]
    ship = ['lakon provision --from "$CODEBUILD_SRC_DIR_Build" --stage "$STAGE"']
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Builds {plan.service} once, ships it to {plan.test} and then to {plan.production}",
        "Parameters": {
            "Connection": {"Type": "String", "Description": "ARN of the CodeConnections connection to the repository"},
            "Repository": {"Type": "String", "Description": "The repository, as in owner/name"},
            "Branch": {"Type": "String", "Default": plan.branch, "Description": "The branch that is shipped"},
            "Policies": {
                "Type": "CommaDelimitedList",
                "Description": "ARNs of managed policies: what shipping may do",
            },
        },
        "Resources": {
            "Artifacts": _bucket(),
            "BuildRole": _project_role(),
            "ShipRole": _project_role({"ManagedPolicyArns": {"Ref": "Policies"}}),
            "Build": _project("BuildRole", plan, build, folder="out"),
            "Ship": _project("ShipRole", plan, ship),
            "PipelineRole": _pipeline_role(),
            "Pipeline": _pipeline(plan),
        },
        "Outputs": {"Pipeline": {"Value": {"Ref": "Pipeline"}}},
    }


def _bucket() -> Template:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
            ),
            "LifecycleConfiguration": {"Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 90}]},
        },
    }


def _allow(actions: Sequence[str], resources: object) -> Template:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def _role(service: str, statements: Sequence[Template], more: Mapping[str, object] | None = None) -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "Access", "PolicyDocument": policy}],
            **(more or {}),
        },
    }


_LOGS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/codebuild/*"
_ARTIFACTS = _allow(("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"), {"Fn::Sub": "${Artifacts.Arn}/*"})


def _project_role(more: Mapping[str, object] | None = None) -> Template:
    logs = _allow(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"), {"Fn::Sub": _LOGS})
    return _role("codebuild.amazonaws.com", [logs, _ARTIFACTS], more)


def _project(role: str, plan: Plan, commands: Sequence[str], folder: str | None = None) -> Template:
    """A CodeBuild project; its specification is JSON, which is YAML."""
    specification: Template = {
        "version": 0.2,
        "phases": {
            "install": {"runtime-versions": {"python": plan.python}, "commands": [plan.install]},
            "build": {"commands": list(commands)},
        },
    }
    if folder is not None:
        specification["artifacts"] = {"base-directory": folder, "files": ["**/*"]}
    return {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {
            "ServiceRole": {"Fn::GetAtt": [role, "Arn"]},
            "Artifacts": {"Type": "CODEPIPELINE"},
            "Environment": {"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": IMAGE},
            "Source": {"Type": "CODEPIPELINE", "BuildSpec": json.dumps(specification)},
        },
    }


def _pipeline_role() -> Template:
    projects = [{"Fn::GetAtt": [name, "Arn"]} for name in ("Build", "Ship")]
    return _role(
        "codepipeline.amazonaws.com",
        [
            _ARTIFACTS,
            _allow(("s3:GetBucketVersioning",), {"Fn::GetAtt": ["Artifacts", "Arn"]}),
            _allow(("codebuild:BatchGetBuilds", "codebuild:StartBuild"), projects),
            _allow(("codestar-connections:UseConnection", "codeconnections:UseConnection"), {"Ref": "Connection"}),
        ],
    )


def _pipeline(plan: Plan) -> Template:
    source = {
        "ConnectionArn": {"Ref": "Connection"},
        "FullRepositoryId": {"Ref": "Repository"},
        "BranchName": {"Ref": "Branch"},
    }
    approval = _action("Approve", "Approval", "Manual", {"CustomData": f"Ship {plan.service} to {plan.production}?"})
    return {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "PipelineType": "V2",
            "RoleArn": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
            "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Artifacts"}},
            "Stages": [
                _stage("Source", _action("Source", "Source", "CodeStarSourceConnection", source, gives="Source")),
                _stage(
                    "Build", _action("Build", "Build", "CodeBuild", _run("Build"), takes=("Source",), gives="Build")
                ),
                _stage("Test", _shipping(plan.test)),
                _stage("Approval", approval),
                _stage("Production", _shipping(plan.production)),
            ],
        },
    }


def _stage(name: str, action: Template) -> Template:
    return {"Name": name, "Actions": [action]}


def _shipping(stage: str) -> Template:
    variables = json.dumps([{"name": "STAGE", "value": stage}])
    settings = {**_run("Ship"), "PrimarySource": "Source", "EnvironmentVariables": variables}
    return _action("Ship", "Build", "CodeBuild", settings, takes=("Source", "Build"))


def _run(project: str) -> Template:
    return {"ProjectName": {"Ref": project}}


def _action(
    name: str,
    category: str,
    provider: str,
    settings: Mapping[str, object],
    takes: Sequence[str] = (),
    gives: str | None = None,
) -> Template:
    owner = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
    action: Template = {"Name": name, "ActionTypeId": owner, "Configuration": settings}
    if takes:
        action["InputArtifacts"] = [{"Name": each} for each in takes]
    if gives is not None:
        action["OutputArtifacts"] = [{"Name": gives}]
    return action
