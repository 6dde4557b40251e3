"""Static sites as CloudFormation resources: a private bucket behind CloudFront, or a public website bucket.

The files are not in the template: provision uploads them, and finds the bucket, the distribution and the text of
`/manifest.json` among the stack's outputs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.synth.domains import certificate, point
from lakon.synth.stores import tls_only
from lakon.synth.values import json_text, substitution

if TYPE_CHECKING:
    from lakon.model.sites import Site
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

BUCKET, DISTRIBUTION, MANIFEST = "BucketName", "DistributionId", "Manifest"
"""What follows a site's logical id in the names of the outputs that provision reads."""

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""Policies of AWS's own: see "Use managed cache policies" and "Use managed response headers policies"."""

CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
"""The hosted zone that all distributions are in, for alias records."""


def add_site(template: Template, site: Site, values: Values) -> None:
    """The bucket, what stands before it, and what provision must know."""
    me = site.logical_id
    if site.cdn:
        _add_private_bucket(template, site)
        _add_distribution(template, site, values)
        template.output(f"{me}{DISTRIBUTION}", {"Ref": f"{me}Distribution"}, site.origin)
    else:
        _add_website_bucket(template, site)
    template.output(f"{me}{BUCKET}", {"Ref": f"{me}Bucket"}, site.origin)
    template.output(f"{me}{MANIFEST}", values.resolve(json_text(manifest(site))), site.origin)


def manifest(site: Site) -> Properties:
    """What `/manifest.json` says: tokens stand for what only CloudFormation knows."""
    return {"apis": {api.id: api.value("url") for api in site.apis}, **site.manifest}


def router(site: Site) -> str:
    """The CloudFront function that finds the file for a path: `index` for folders, pages without their `.html`."""
    lines = [
        "function handler(event) {",
        "  var request = event.request;",
        f"  if (request.uri.endsWith('/')) request.uri += {json.dumps(site.index)};",
    ]
    if site.clean_urls:
        lines.append("  else if (!request.uri.split('/').pop().includes('.')) request.uri += '.html';")
    return "\n".join([*lines, "  return request;", "}", ""])


def _add_private_bucket(template: Template, site: Site) -> None:
    me = site.logical_id
    closed = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    properties: Properties = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": closed,
    }
    template.add(f"{me}Bucket", "AWS::S3::Bucket", properties, site.origin, keep=site.keep)
    arn = f"${{{me}Bucket.Arn}}"
    document = tls_only("s3:*", [substitution(arn), substitution(f"{arn}/*")])
    distribution = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/"
    reading: Properties = {
        "Sid": "Distribution",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": substitution(f"{arn}/*"),
        "Condition": {"StringEquals": {"AWS:SourceArn": substitution(f"{distribution}${{{me}Distribution}}")}},
    }
    _add_policy(template, site, {**document, "Statement": [*_statements(document), reading]})


def _add_website_bucket(template: Template, site: Site) -> None:
    me = site.logical_id
    shown: Properties = {"IndexDocument": site.index}
    if site.single_page or site.error is not None:
        shown["ErrorDocument"] = site.index if site.single_page else site.error
    properties: Properties = {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": False,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": False,
        },
        "WebsiteConfiguration": shown,
    }
    template.add(f"{me}Bucket", "AWS::S3::Bucket", properties, site.origin, keep=site.keep)
    reading: Properties = {
        "Sid": "Everybody",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": substitution(f"${{{me}Bucket.Arn}}/*"),
    }
    _add_policy(template, site, {"Version": "2012-10-17", "Statement": [reading]})


def _add_policy(template: Template, site: Site, document: Properties) -> None:
    bucket = f"{site.logical_id}Bucket"
    properties: Properties = {"Bucket": {"Ref": bucket}, "PolicyDocument": document}
    template.add(f"{bucket}Policy", "AWS::S3::BucketPolicy", properties, site.origin, keep=site.keep or None)


def _statements(document: Properties) -> list[object]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _add_distribution(template: Template, site: Site, values: Values) -> None:
    me, origin = site.logical_id, site.origin
    access: Properties = {
        "Name": {"Fn::Sub": f"${{AWS::StackName}}-{site.id}"},
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }
    control: Properties = {"OriginAccessControlConfig": access}
    template.add(f"{me}Access", "AWS::CloudFront::OriginAccessControl", control, origin)
    name = {"Fn::Sub": f"${{AWS::StackName}}-{site.id}"}
    function: Properties = {
        "Name": name,
        "AutoPublish": True,
        "FunctionCode": router(site),
        "FunctionConfig": {"Comment": f"Finds the files of {site.id}", "Runtime": "cloudfront-js-2.0"},
    }
    template.add(f"{me}Router", "AWS::CloudFront::Function", function, origin)
    configuration = _distribution(site)
    if site.domain is not None:
        proof = certificate(template, site.domain, values, origin)
        configuration["Aliases"] = [site.domain.name]
        configuration["ViewerCertificate"] = {
            "AcmCertificateArn": proof,
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        }
    properties: Properties = {"DistributionConfig": configuration}
    template.add(f"{me}Distribution", "AWS::CloudFront::Distribution", properties, origin)
    if site.domain is not None:
        found: Properties = {
            "DNSName": {"Fn::GetAtt": [f"{me}Distribution", "DomainName"]},
            "HostedZoneId": CLOUDFRONT_ZONE,
        }
        point(template, site.domain, found, values, origin, ("A", "AAAA"))


def _distribution(site: Site) -> Properties:
    me = site.logical_id
    bucket: Properties = {
        "Id": "Files",
        "DomainName": {"Fn::GetAtt": [f"{me}Bucket", "RegionalDomainName"]},
        "OriginAccessControlId": {"Ref": f"{me}Access"},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    router_arn = {"Fn::GetAtt": [f"{me}Router", "FunctionARN"]}
    configuration: Properties = {
        "Enabled": True,
        "Comment": {"Fn::Sub": f"${{AWS::StackName}} {site.id}"},
        "DefaultRootObject": site.index,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "Origins": [bucket],
        "DefaultCacheBehavior": {
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachePolicyId": CACHING_OPTIMIZED,
            "Compress": True,
            "FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": router_arn}],
            "ResponseHeadersPolicyId": SECURITY_HEADERS,
            "TargetOriginId": "Files",
            "ViewerProtocolPolicy": "redirect-to-https",
        },
    }
    if site.single_page or site.error is not None:
        page, status = (site.index, 200) if site.single_page else (site.error, 404)
        configuration["CustomErrorResponses"] = [
            # S3 answers 403 for what is not there to those who may not list
            {"ErrorCode": code, "ErrorCachingMinTTL": 10, "ResponseCode": status, "ResponsePagePath": f"/{page}"}
            for code in (403, 404)
        ]
    return configuration
