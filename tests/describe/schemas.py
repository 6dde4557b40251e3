"""Write the table of what Lakon has to know of resource types, from the official schemas that cfn-lint carries.

`python tests/describe/schemas.py` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import lakon.describe.difference

TABLE = Path(lakon.describe.difference.__file__).with_name("schemas.json")
SERVICES = {
    "AmazonMQ",
    "ApiGateway",
    "ApiGatewayV2",
    "AppConfig",
    "AppSync",
    "ApplicationAutoScaling",
    "Backup",
    "CertificateManager",
    "CloudFormation",
    "CloudFront",
    "CloudWatch",
    "CodeBuild",
    "CodeDeploy",
    "Cognito",
    "DocDB",
    "DynamoDB",
    "EC2",
    "ECR",
    "ECS",
    "EFS",
    "ElastiCache",
    "ElasticLoadBalancingV2",
    "Events",
    "FSx",
    "IAM",
    "KMS",
    "Kinesis",
    "KinesisFirehose",
    "Lambda",
    "Logs",
    "MSK",
    "MemoryDB",
    "Neptune",
    "OpenSearchServerless",
    "OpenSearchService",
    "Pipes",
    "RDS",
    "Redshift",
    "RedshiftServerless",
    "Route53",
    "S3",
    "S3Tables",
    "S3Vectors",
    "SNS",
    "SQS",
    "SSM",
    "Scheduler",
    "SecretsManager",
    "StepFunctions",
    "Synthetics",
    "Timestream",
    "WAFv2",
    "XRay",
}


def table() -> dict[str, dict[str, list[str]]]:
    """What the schemas say of the types of all services that Lakon has to do with."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as SCHEMAS  # type: ignore[import-untyped]  # it ships no types

    found = {}
    for kind in sorted(SCHEMAS.get_resource_types("us-east-1")):
        parts = kind.split("::")
        if parts[0] == "AWS" and parts[1] in SERVICES:
            schema = SCHEMAS.get_resource_schema("us-east-1", kind).schema
            found[kind] = {
                "always": _names(schema.get("createOnlyProperties", [])),
                "conditional": _names(schema.get("conditionalCreateOnlyProperties", [])),
                "identifier": [name.removeprefix("/properties/") for name in schema.get("primaryIdentifier", [])],
            }
    return found


def _names(pointers: list[str]) -> list[str]:
    return sorted(pointer.removeprefix("/properties/") for pointer in pointers)


def text(made: dict[str, dict[str, list[str]]]) -> str:
    """The table as it is kept: a line for each type."""
    lines = ",\n".join(f" {json.dumps(kind)}: {json.dumps(names)}" for kind, names in made.items())
    return f"{{\n{lines}\n}}\n"


if __name__ == "__main__":
    TABLE.write_text(text(table()), "utf-8")
