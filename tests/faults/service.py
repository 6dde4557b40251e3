"""What is shipped, how, and what is there in the end."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lakon.commands.build import build
from lakon.commands.code_only import provision_code
from lakon.commands.flip import flip_functions
from lakon.commands.provision import put
from lakon.commands.rollback import history, rollback
from lakon.exceptions import UsageError
from lakon.provision import deletion
from lakon.provision.session import Session
from lakon.settings import Target

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.report import Reporter

    from .proxy import Proxy

REGION = "eu-west-1"
PROGRAM = """
import lakon

service = lakon.Service("f", python="{python}")
orders = service.queue("orders")


@service.function(on=[orders.messages(), lakon.every("1 day")], memory={memory})
def take(event, context):
    return {number}
"""


@dataclass(frozen=True, slots=True)
class Ship:
    """Commands on one stage, through the proxy or past it.

    The third version of the program has the code of the second and the settings of the first.
    """

    proxy: Proxy
    first: Program
    second: Program
    third: Program
    reporter: Reporter
    stage: str = "x"
    known: dict[object, Any] = field(default_factory=dict)

    def anew(self) -> Ship:
        """The same on a stage that nobody has used."""
        return replace(self, stage=f"s{uuid.uuid4().hex[:10]}")

    @property
    def name(self) -> str:
        return f"f-{self.stage}"

    def target(self, *, bucketless: bool = False, past: bool = False) -> Target:
        url = f"http://{self.proxy.upstream}" if past else self.proxy.url
        return Target(stage=self.stage, region=REGION, endpoint_url=url, local=True, bucketless=bucketless)

    def session(self, *, past: bool = False) -> Session:
        """One for all stages: its clients take longer to make than a stack."""
        if past not in self.known:
            self.known[past] = Session(self.target(past=past))
        made: Session = self.known[past]
        return made

    def put(self, program: Program, *, stubs: bool = False) -> None:
        target = self.target(bucketless=stubs)
        if (id(program), stubs) not in self.known:  # it is the same for every stage
            self.known[id(program), stubs] = build(program, target, self.reporter, stubs=stubs)
        built = self.known[id(program), stubs]
        put(program, target, built, self.session(), self.reporter)

    def code_only(self) -> None:
        provision_code(self.third, self.target(), self.reporter)

    def flip(self, program: Program) -> None:
        flip_functions(program, self.target(bucketless=True), self.reporter, event=None)

    def builds(self) -> list[str]:
        return [release.build for release in history(self.first, self.target()).releases]

    def first_build(self) -> str:
        return self.builds()[-1]

    def rollback(self, build: str) -> None:
        try:
            rollback(self.first, self.target(), self.reporter, to=build)
        except UsageError as error:
            if "already" not in error.what:
                raise

    def delete(self) -> None:
        deletion.delete(self.session(), self.name, self.reporter)

    def clear(self) -> None:
        """Leave nothing of it, so that looking at others stays quick."""
        deletion.delete(self.session(past=True), self.name, self.reporter)

    def state(self) -> dict[str, object]:
        """All that can be seen of the stack and of what is left behind, by names that are the same for every stage."""
        session = self.known.setdefault("clients", _Clients(self.session(past=True)))
        told = {
            "stacks": self._stacks(session),
            "change sets": self._change_sets(session),
            "functions": self._functions(session),
            "queues": _names(session.plain("sqs").list_queues(QueueNamePrefix=self.name).get("QueueUrls", [])),
            "roles": [
                role["RoleName"]
                for page in session.plain("iam").get_paginator("list_roles").paginate()
                for role in page["Roles"]
                if self.name in role["RoleName"]
            ],
            "logs": [
                group["logGroupName"]
                for group in session.plain("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{self.name}-")[
                    "logGroups"
                ]
            ],
            "schedules": [
                (each["State"],)
                for page in session.plain("scheduler").get_paginator("list_schedules").paginate()
                for each in page["Schedules"]
                if self.name in each["Name"]
            ],
            "parts": [
                upload["Key"]
                for bucket in session.plain("s3").list_buckets()["Buckets"]
                for upload in session.plain("s3").list_multipart_uploads(Bucket=bucket["Name"]).get("Uploads", [])
            ],
        }
        text = json.dumps(told, sort_keys=True, default=str).replace(self.name, "NAME").replace(self.stage, "STAGE")
        found: dict[str, object] = json.loads(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|-[0-9a-zA-Z]{12,13}\b", "ID", text))
        return found

    def _stacks(self, session: _Clients) -> object:
        cloudformation = session.plain("cloudformation")
        try:
            rows = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except cloudformation.exceptions.ClientError:
            rows = []
        return [
            (
                row["StackStatus"].replace("CREATE", "").replace("UPDATE", ""),
                sorted((each["ParameterKey"], each["ParameterValue"]) for each in row.get("Parameters", [])),
                sorted((each["Key"], each["Value"]) for each in row["Tags"]),
                cloudformation.get_template(StackName=self.name)["TemplateBody"],
                sorted(
                    (each["LogicalResourceId"], each["ResourceType"])
                    for each in cloudformation.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
                    if each["ResourceStatus"] != "DELETE_COMPLETE"
                ),
            )
            for row in rows
        ]

    def _change_sets(self, session: _Clients) -> object:
        cloudformation = session.plain("cloudformation")
        if not self._stacks(session):
            return []
        made = cloudformation.list_change_sets(StackName=self.name)["Summaries"]
        return [each["ChangeSetName"] for each in made if each["ExecutionStatus"] == "AVAILABLE"]

    def _functions(self, session: _Clients) -> object:
        client = session.plain("lambda")
        found = []
        for page in client.get_paginator("list_functions").paginate():
            for row in page["Functions"]:
                if not row["FunctionName"].startswith(self.name):
                    continue
                name = row["FunctionName"]
                mappings = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
                versions = client.list_versions_by_function(FunctionName=name)["Versions"]
                facts = [row.get(key) for key in ("Runtime", "Handler", "CodeSha256", "MemorySize", "Architectures")]
                tags = client.get_function(FunctionName=name).get("Tags", {})
                found.append((name, facts, tags, len(mappings), len(versions)))
        return found


class _Clients:
    """Clients past the proxy, each made once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: dict[str, Any] = {}

    def plain(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._session.plain(service)
        return self._made[service]


def _names(addresses: list[str]) -> list[str]:
    return sorted(address.rpartition("/")[2] for address in addresses)
