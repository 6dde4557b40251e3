"""One declared service in, one template out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from lakon.exceptions import Mistake, ProgramError
from lakon.model.names import logical_id
from lakon.model.resources import (
    Bucket,
    Bus,
    CloudFormationResource,
    LogGroup,
    Parameter,
    Queue,
    Secret,
    Table,
    Topic,
)
from lakon.synth.addresses import has_address, opens_doors
from lakon.synth.alarms import add_alarms, notified_topics
from lakon.synth.archives import about, archives
from lakon.synth.checks import check
from lakon.synth.cycles import find_cycle, references
from lakon.synth.functions import (
    BUCKET_PARAMETER,
    add_function,
    has_layer,
    layer_id,
    layer_parameter,
)
from lakon.synth.messaging import add_bus, add_queue, add_topic, longest_timeouts, visibility
from lakon.synth.quotas import MAX_OUTPUTS
from lakon.synth.stores import add_bucket, add_log_group, add_parameter, add_secret, add_table
from lakon.synth.stubs import put_stubs
from lakon.synth.template import Template
from lakon.synth.traffic import add_traffic
from lakon.synth.triggers import FunctionTriggers, Notifications
from lakon.synth.values import Values, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.model.service import Service
    from lakon.synth.archives import AnyCode
    from lakon.synth.template import Properties
    from lakon.synth.values import AnyHandle

_OUTPUTS = {"name": "Name", "url": "Url", "arn": "Arn", "endpoint": "Endpoint"}


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A template, where each resource of it was declared (`app.py:12`), and the archives it asks for.

    `text` is the template as JSON, the same bytes for the same program; `resources` and `outputs` are its sections.
    `archives` maps a template parameter to the code that its archive must hold; `layers` maps those of archives that
    hold only the Python dependencies to their architecture.
    """

    text: str
    resources: Mapping[str, Properties]
    outputs: Mapping[str, Properties]
    origins: Mapping[str, str]
    archives: Mapping[str, AnyCode]
    layers: Mapping[str, str]


def synthesize(
    service: Service,
    *,
    stage: str,
    root: str,
    addresses: Mapping[str, str] | None = None,
    stubs: bool = False,
    shifting: bool = True,
) -> Synthesis:
    """Make the template of `service`. `root` is the project folder, which places are told relative to.

    With `stubs` it asks for no archives: stubs stand in for the code of functions, and what calls them is switched off.
    Without `shifting` aliases move to new versions at once, where there is no CodeDeploy.

    `addresses` are those that front doors have where it is not AWS that opens them: see `Values`.

    Raises ProgramError with all the mistakes that the program makes, each with the line that made it.
    """
    mistakes = check(service, stage=stage, root=root)
    if mistakes:
        raise refusal(mistakes)
    template = _draft(service, addresses)
    add_traffic(template, service, shifting=shifting)
    code = archives(service)
    if stubs:
        put_stubs(template, code, service.python)
    mistakes = [*_collisions(template, root), *_broken_references(template, root)]
    if mistakes:
        raise refusal(mistakes)
    return Synthesis(
        text=template.text(),
        resources=template.resources,
        outputs=template.outputs,
        origins={name: origin.place(root) for name, origin in sorted(template.origins.items())},
        archives=code,
        layers={layer_parameter(architecture): architecture for architecture in _layered(service)},
    )


def refusal(mistakes: list[Mistake]) -> ProgramError:
    """The error that tells all mistakes of a program."""
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return ProgramError(f"the program has {count}", mistakes=tuple(mistakes))


def _draft(service: Service, addresses: Mapping[str, str] | None) -> Template:
    template = Template(service.description)
    values = Values(service, addresses)
    notifications = Notifications()
    for each in service.inputs:
        facts = {"Default": each.default, "AllowedValues": [*each.choices] or None}
        template.parameter(each.name, each.description, each.origin, **facts)
    if service.functions:
        template.parameter(BUCKET_PARAMETER, "The bucket that holds the archives", service.origin)
    for parameter, code in archives(service).items():
        template.parameter(parameter, about(code), service.origin)
    for architecture in _layered(service):
        _add_layer(template, service, architecture)
    for function in service.functions:
        add_function(template, service, function, values)
        FunctionTriggers(template, function, values, notifications).add()
        add_alarms(template, function, values)
    _add_resources(template, service, values, notifications)
    if opens_doors(service):
        from lakon.synth.apis import add_front_doors  # not for programs without

        add_front_doors(template, service, values)
        for door in (*service.apis, *service.sites):
            if has_address(door):
                _add_outputs(template, door, values)
    for output in service.outputs:
        template.output(output.name, values.resolve(output.value), output.origin)
    _leave_out(template, service)
    return template


def _leave_out(template: Template, service: Service) -> None:
    """Leave out Lakon's own outputs where there are too many: of resources, and if need be of functions' URLs."""
    of_resources = [each.logical_id + _OUTPUTS[told] for each in service.resources for told in each.told]
    of_urls = [logical_id(each.name, "FunctionUrlUrl") for each in service.functions if each.url is not False]
    asked = {output.name for output in service.outputs}
    for names in (of_resources, of_urls):
        if len(template.outputs) > MAX_OUTPUTS:
            for name in set(names) - asked:
                template.outputs.pop(name, None)


def _layered(service: Service) -> list[str]:
    """The architectures that the layer with the Python dependencies is made for."""
    return sorted({function.architecture for function in service.functions if has_layer(service, function)})


def _add_layer(template: Template, service: Service, architecture: str) -> None:
    told = f"Key of the dependencies for Python on {architecture}"
    template.parameter(layer_parameter(architecture), told, service.origin)
    properties: Properties = {
        "Description": f"Dependencies of {service.name}",
        "CompatibleRuntimes": [f"python{service.python}"],
        "CompatibleArchitectures": [architecture],
        "Content": {"S3Bucket": {"Ref": BUCKET_PARAMETER}, "S3Key": {"Ref": layer_parameter(architecture)}},
    }
    template.add(layer_id(architecture), "AWS::Lambda::LayerVersion", properties, service.origin)


def _add_resources(template: Template, service: Service, values: Values, notifications: Notifications) -> None:
    notified = notified_topics(service.functions)
    timeouts = longest_timeouts(service.functions)
    for resource in service.resources:
        me = resource.logical_id
        match resource:
            case Bucket():
                add_bucket(
                    template,
                    resource,
                    notifications.configurations.get(me, []),
                    sorted(set(notifications.permissions.get(me, []))),
                )
            case Table():
                add_table(template, resource)
            case Queue():
                add_queue(template, resource, visibility(resource, timeouts.get(resource)), values)
            case Topic():
                add_topic(template, resource, notified=me in notified)
            case Bus():
                add_bus(template, resource)
            case LogGroup():
                add_log_group(template, resource)
            case Parameter():
                add_parameter(template, resource, values.resolve(resource.text))
            case Secret():
                add_secret(template, resource, values.resolve(json_text(resource.template or {})))
            case CloudFormationResource():
                _add_raw(template, resource, values)
            case _:
                assert_never(resource)
        if template.origins.get(me) is resource.origin:  # of two resources of one name, the first has the outputs
            _add_outputs(template, resource, values)


def _add_raw(template: Template, resource: CloudFormationResource, values: Values) -> None:
    properties: Properties = {key: values.resolve(value) for key, value in resource.properties.items()}
    template.add(
        resource.logical_id,
        resource.type,
        properties,
        resource.origin,
        keep=True if resource.keep else None,
        depends_on=[other.logical_id for other in resource.depends_on],
    )


def _add_outputs(template: Template, resource: AnyHandle, values: Values) -> None:
    for attribute in resource.told:
        template.output(
            resource.logical_id + _OUTPUTS[attribute], values.resolve(resource.value(attribute)), resource.origin
        )


_RENAME = {
    "resource": "rename one of the two: the first stands at {first} (functions have a role and a log group)",
    "parameter": "rename it: an input has that name, or by it Lakon hands an archive to the template",
    "output": "rename it: the first stands at {first} (each handle has outputs of its own)",
}


def _collisions(template: Template, root: str) -> list[Mistake]:
    return [
        Mistake(
            second.place(root),
            f"another declaration already became the {kind} {name}",
            _RENAME[kind].format(first=first.place(root)),
        )
        for kind, name, first, second in template.collisions
    ]


def _broken_references(template: Template, root: str) -> list[Mistake]:
    """What refers to nothing, and what needs each other in a circle."""
    needs = {
        name: references(resource["Properties"]).union(_depends_on(resource))
        for name, resource in template.resources.items()
    }
    shown = {name: references(output) for name, output in template.outputs.items()}
    known = template.resources.keys() | template.parameters.keys()
    mistakes = [
        Mistake(
            origins[name].place(root),
            f"{name} refers to {other}, and there is no such resource",
            "refer to a resource of this service by its handle, as in cache.ref or cache.att(...)",
        )
        for origins, found in ((template.origins, needs), (template.output_origins, shown))
        for name, others in found.items()
        for other in sorted(others - known)
    ]
    cycle = find_cycle(needs)
    if cycle:
        mistakes.append(
            Mistake(
                template.origins[cycle[0]].place(root),
                f"resources need each other in a circle: {' needs '.join([*cycle, cycle[0]])}",
                "CloudFormation cannot make any of them first: take one reference out, or give one a name of its own",
            )
        )
    return mistakes


def _depends_on(resource: Properties) -> list[str]:
    named = resource.get("DependsOn", [])
    return named if isinstance(named, list) else []
