"""A workflow of GitHub Actions that takes a role by OpenID Connect, so that no key is kept anywhere."""

from __future__ import annotations

import json
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakon.commands.pipelines.plan import Plan

WORKFLOW = ".github/workflows/deploy.yml"
ROLE = ".github/deploy-role.json"


class _Text(Template):
    """Placeholders are `%{name}`: `$` belongs to GitHub's own."""

    delimiter = "%"


_HEAD = _Text("""\
# Made by `lakon pipeline github`: builds once, ships to %{test}, and then to %{production}.
#
# Each stage is an environment of the repository. Give each the variables AWS_ROLE and AWS_REGION; protection rules of
# %{production} ask for an approval. The role is made by the stack of deploy-role.json.
name: deploy

on:
  push:
    branches: ["%{branch}"]

permissions:
  contents: read
%{folder}
concurrency:
  group: deploy
  cancel-in-progress: false

jobs:
  build:
    runs-on: ubuntu-latest
    steps:
%{prepare}
%{tests}      - run: lakon build --stage %{test} --output out
      - uses: actions/upload-artifact@v4
        with:
          name: build
          path: %{out}
          if-no-files-found: error
""")
_FOLDER = _Text("""
defaults:
  run:
    working-directory: %{folder}
""")
_PREPARE = _Text("""\
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "%{python}"
      - run: %{install}""")
_SHIP = _Text("""
  %{job}:
    needs: %{needs}
    runs-on: ubuntu-latest
    environment: %{stage}
    permissions:
      contents: read
      id-token: write
    steps:
%{prepare}
      - uses: actions/download-artifact@v4
        with:
          name: build
          path: %{out}
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.AWS_ROLE }}
          aws-region: ${{ vars.AWS_REGION }}
      - run: lakon provision --from out --stage %{stage}
""")


def files(plan: Plan) -> dict[str, str]:
    """The workflow, and the template of the role: paths within the repository, and their texts."""
    prepare = _PREPARE.substitute(python=plan.python, install=plan.install)
    tests = "      - run: pytest\n" if plan.tested else ""
    out_path = json.dumps(f"{plan.folder}/out") if plan.folder else "out"
    head = _HEAD.substitute(
        test=plan.test,
        production=plan.production,
        branch=plan.branch,
        prepare=prepare,
        tests=tests,
        out=out_path,
        folder=_FOLDER.substitute(folder=json.dumps(plan.folder)) if plan.folder else "",
    )
    test = _SHIP.substitute(job="ship-test", needs="build", stage=plan.test, prepare=prepare, out=out_path)
    production = _SHIP.substitute(
        job="ship-production", needs="ship-test", stage=plan.production, prepare=prepare, out=out_path
    )
    return {WORKFLOW: head + test + production, ROLE: json.dumps(role(plan), indent=2) + "\n"}


def role(plan: Plan) -> dict[str, object]:
    """The template of the role that the workflow takes for one of its stages."""
    host = "token.actions.githubusercontent.com"
    provider = {"Fn::If": ["Missing", {"Ref": "GitHub"}, {"Ref": "Provider"}]}
    subject = {"Fn::Sub": "repo:${Repository}:environment:${Environment}"}
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}},
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The role by which GitHub Actions ships {plan.service}",
        "Parameters": {
            "Repository": {"Type": "String", "Description": "The repository, as in owner/name"},
            "Environment": {
                "Type": "String",
                "Description": "The environment of the repository that may take the role",
                "AllowedValues": list(dict.fromkeys((plan.test, plan.production))),
            },
            "Policies": {
                "Type": "CommaDelimitedList",
                "Description": "ARNs of managed policies: what the role may do",
            },
            "Provider": {
                "Type": "String",
                "Default": "",
                "Description": f"ARN of the account's identity provider {host}; empty to make it",
            },
        },
        "Conditions": {"Missing": {"Fn::Equals": [{"Ref": "Provider"}, ""]}},
        "Resources": {
            "GitHub": {
                "Type": "AWS::IAM::OIDCProvider",
                "Condition": "Missing",
                "Properties": {"Url": f"https://{host}", "ClientIdList": ["sts.amazonaws.com"]},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    "ManagedPolicyArns": {"Ref": "Policies"},
                },
            },
        },
        "Outputs": {"Role": {"Description": "The value of AWS_ROLE", "Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
