"""Which resources of a template belong to a function, and move with it when the template is split.

A function takes along what only it has: its role and log group, and what is attached to it (versions, permissions,
mappings, alarms, routes). Functions whose parts need each other directly are one unit. What a unit needs by way of a
resource that stays does not move: of two stacks that need each other CloudFormation can make neither first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.synth.crossing import found, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Resources = Mapping[str, Mapping[str, object]]

FUNCTION = "AWS::Lambda::Function"
_ATTACHED = frozenset(
    {
        "AWS::ApiGateway::Method",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::IntegrationResponse",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::CloudWatch::Alarm",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Events::Rule",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::SNS::Subscription",
        "AWS::Scheduler::Schedule",
    }
)
_STORES = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
    }
)
_OWNED = (
    (FUNCTION, ("Properties", "Role")),
    (FUNCTION, ("Properties", "LoggingConfig", "LogGroup")),
    ("AWS::Scheduler::Schedule", ("Properties", "Target", "RoleArn")),
    ("AWS::Lambda::Alias", ("UpdatePolicy", "CodeDeployLambdaAliasUpdate", "DeploymentGroupName")),
    ("AWS::CodeDeploy::DeploymentGroup", ("Properties", "DeploymentConfigName")),
)
"""Where a resource names another that it has for itself, unless others name it, too."""


class Units:
    """The units of a template's resources.

    `heads` tells the function that a resource belongs to, by logical ids; `leaders` which function stands for the unit
    of a function; `references` all that each resource refers to, and `needs` the other resources that it needs.
    """

    def __init__(self, resources: Resources) -> None:
        self._kinds = {name: resource["Type"] for name, resource in resources.items()}
        self.references = {name: set(found(dict(resource))) for name, resource in resources.items()}
        self.needs = {
            name: {each for each in (*(one.name for one in told), *depends_on(resources[name])) if each in resources}
            for name, told in self.references.items()
        }
        self.heads: dict[str, str] = {}
        self.leaders = {name: name for name, resource in resources.items() if resource["Type"] == FUNCTION}
        self._users: dict[str, set[str]] = {name: set() for name in resources}
        for name, others in self.needs.items():
            for other in others:
                self._users[other].add(name)
        for name in sorted(resources):
            self._attach(name, resources)
        for kind, path in _OWNED:
            for name in sorted(self.heads.keys() & {each for each in resources if resources[each]["Type"] == kind}):
                self._take(name, _named(resources[name], path))
        for name in sorted(self.heads):
            self._unite({self.heads[each] for each in (name, *self.needs[name]) if each in self.heads})
        while self._settle_one():
            pass

    def unit(self, name: str) -> str:
        """The leader of the unit that a resource belongs to."""
        leader = self.heads[name]
        while self.leaders[leader] != leader:
            leader = self.leaders[leader]
        return leader

    def members(self) -> dict[str, list[str]]:
        """The resources of each unit, by its leader."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.heads):
            found.setdefault(self.unit(name), []).append(name)
        return found

    def stores(self) -> list[list[str]]:
        """What holds data or messages and needs no function: each with all that it is tied to, and nothing else."""
        reached: dict[str, frozenset[str]] = {}
        left = {name for name in self.needs if name not in self.heads and not self._reach(name, reached)}
        found: list[list[str]] = []
        for name in sorted(left):
            tied, waiting = set[str](), [name]
            while waiting:
                each = waiting.pop()
                if each in left:
                    left.remove(each)
                    tied.add(each)
                    waiting += [*self.needs[each], *self._users[each]]
            if tied and all(self._kinds[each] in _STORES for each in tied):
                found.append(sorted(tied))
        return found

    def is_leaf(self, name: str) -> bool:
        """Whether nothing of its unit needs a resource."""
        return all(self.heads.get(user) is None or self.unit(user) != self.unit(name) for user in self._users[name])

    def _attach(self, name: str, resources: Resources) -> set[str]:
        """Give a resource to the function that it is attached to; of several functions, one unit is made."""
        if name in self.heads:
            return {self.heads[name]}
        kind = resources[name]["Type"]
        if kind == FUNCTION:
            self.heads[name] = name
            return {name}
        if kind not in _ATTACHED:
            return set()
        heads = {head for other in sorted(self.needs[name]) for head in self._attach(other, resources)}
        if heads:
            self.heads[name] = min(heads)
            self._unite(heads)
        return heads

    def _unite(self, heads: Iterable[str]) -> None:
        leaders = sorted({self.unit(head) for head in heads})
        for other in leaders[1:]:
            self.leaders[other] = leaders[0]

    def _take(self, name: str, other: str | None) -> None:
        """Give `other` to the unit of the resource that names it, unless somebody outside needs it."""
        if other is None or other not in self.needs or other in self.heads:
            return
        unit = self.unit(name)
        if all(user == name or (user in self.heads and self.unit(user) == unit) for user in self._users[other]):
            self.heads[other] = self.heads[name]

    def _settle_one(self) -> bool:
        """Keep back one resource, or one unit, that would close a circle through what stays."""
        reached: dict[str, frozenset[str]] = {}
        for name in sorted(self.heads):
            for other in sorted([each for each in self.needs[name] if each not in self.heads]):
                for unit in sorted(self._reach(other, reached)):
                    if unit == self.unit(name) and self.is_leaf(name) and name not in self.leaders:
                        del self.heads[name]
                    else:
                        self.heads = {each: head for each, head in self.heads.items() if self.unit(each) != unit}
                    return True
        return False

    def _reach(self, name: str, reached: dict[str, frozenset[str]]) -> frozenset[str]:
        """The units that a resource outside of all needs, by way of others outside."""
        if name not in reached:
            reached[name] = frozenset()  # a template with a circle is refused elsewhere
            known: set[str] = set()
            for other in self.needs[name]:
                known |= {self.unit(other)} if other in self.heads else self._reach(other, reached)
            reached[name] = frozenset(known)
        return reached[name]


def depends_on(resource: Mapping[str, object]) -> list[str]:
    """What a resource says that it depends on."""
    said = resource.get("DependsOn", [])
    return [said] if isinstance(said, str) else [str(each) for each in said] if isinstance(said, list) else []


def _named(resource: Mapping[str, object], path: Iterable[str]) -> str | None:
    value: object = resource
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    named = reading(value)
    return named.name if named else None
