"""Names of the user's own: certificates, DNS records, and the domain names of API Gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.cloudformation import CloudFormationResource
from lakon.model.gateways import RestApi
from lakon.model.names import logical_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.gateways import HttpApi
    from lakon.model.http import Domain
    from lakon.model.origin import Origin
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values


def domain_id(domain: Domain, kind: str) -> str:
    """The logical id of what belongs to a domain: of `api.photos.example`, `ApiPhotosExampleCertificate`."""
    return logical_id(domain.name.replace(".", "-").replace("*", "any"), kind)


def certificate(template: Template, domain: Domain, values: Values, origin: Origin) -> object:
    """The ARN of the domain's certificate. One that Lakon asks for is proved by a record in the domain's zone."""
    if domain.certificate is not None:
        return values.resolve(reference(domain.certificate))
    me = domain_id(domain, "Certificate")
    if me not in template.resources:
        properties: Properties = {
            "DomainName": domain.name,
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [{"DomainName": domain.name, "HostedZoneId": _zone(domain, values)}],
        }
        template.add(me, "AWS::CertificateManager::Certificate", properties, origin)
    return {"Ref": me}


def reference(given: str | CloudFormationResource) -> str:
    """An id or ARN that was given as such, or as the resource that has it."""
    return given.ref if isinstance(given, CloudFormationResource) else given


def point(
    template: Template,
    domain: Domain,
    target: Properties,
    values: Values,
    origin: Origin,
    kinds: Sequence[str] = ("A",),
) -> None:
    """Let the domain's name lead to `target`, of Route 53's form; without a zone show it among the outputs."""
    if domain.zone is None:
        name = domain_id(domain, "Target")
        if name not in template.outputs:
            template.output(name, target["DNSName"], origin)
        return
    for kind in kinds:
        me = domain_id(domain, "Record" if kind == "A" else "Ipv6Record")
        if me not in template.resources:
            properties: Properties = {
                "Name": domain.name,
                "Type": kind,
                "HostedZoneId": _zone(domain, values),
                "AliasTarget": target,
            }
            template.add(me, "AWS::Route53::RecordSet", properties, origin)


def add_gateway_domain(template: Template, api: HttpApi | RestApi | WebSocketApi, stage: str, values: Values) -> None:
    """Have an API answer at its domain, which it may share with others that begin at other paths."""
    if api.domain is None:
        return
    edge = isinstance(api, RestApi) and api.endpoint == "edge"
    me = domain_id(api.domain, "Domain")
    if me not in template.resources:
        proof = certificate(template, api.domain, values, api.origin)
        if edge:
            properties: Properties = {
                "CertificateArn": proof,
                "EndpointConfiguration": {"Types": ["EDGE"]},
                "SecurityPolicy": "TLS_1_2",
            }
        else:
            configuration = {"CertificateArn": proof, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
            properties = {"DomainNameConfigurations": [configuration]}
        properties = {"DomainName": api.domain.name, **properties}
        kind = "AWS::ApiGateway::DomainName" if edge else "AWS::ApiGatewayV2::DomainName"
        template.add(me, kind, properties, api.origin)
        found = (
            ("DistributionDomainName", "DistributionHostedZoneId")
            if edge
            else (
                "RegionalDomainName",
                "RegionalHostedZoneId",
            )
        )
        target: Properties = {"DNSName": {"Fn::GetAtt": [me, found[0]]}, "HostedZoneId": {"Fn::GetAtt": [me, found[1]]}}
        point(template, api.domain, target, values, api.origin)
    _map(template, api, me, stage, edge=edge)


def _map(template: Template, api: HttpApi | RestApi | WebSocketApi, domain: str, stage: str, *, edge: bool) -> None:
    path = api.domain.path.strip("/") if api.domain is not None else ""
    if edge:
        properties: Properties = {
            "DomainName": {"Ref": domain},
            "RestApiId": {"Ref": api.logical_id},
            "Stage": {"Ref": stage},
        }
        if path:
            properties["BasePath"] = path
        template.add(f"{api.logical_id}Mapping", "AWS::ApiGateway::BasePathMapping", properties, api.origin)
        return
    properties = {"DomainName": {"Ref": domain}, "ApiId": {"Ref": api.logical_id}, "Stage": {"Ref": stage}}
    if path:
        properties["ApiMappingKey"] = path
    template.add(f"{api.logical_id}Mapping", "AWS::ApiGatewayV2::ApiMapping", properties, api.origin)


def _zone(domain: Domain, values: Values) -> object:
    return None if domain.zone is None else values.resolve(reference(domain.zone))
