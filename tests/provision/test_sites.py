"""The files of a site in its bucket: only what changed, and what CloudFront is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lakon
from lakon.build.sites import SiteFile
from lakon.exceptions import ProvisionError
from lakon.provision.session import Session
from lakon.provision.sites import Publication, check_region, paths_of, publish
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.provision.conftest import World


class Site:
    """A site whose bucket and distribution a test made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.site = lakon.Service("web").site("./public")
        outcome = world.provision(
            {
                "Resources": {
                    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
                    "Distribution": {
                        "Type": "AWS::CloudFront::Distribution",
                        "Properties": {
                            "DistributionConfig": {
                                "Enabled": True,
                                "Origins": [{"Id": "x", "DomainName": "x.example", "CustomOriginConfig": {}}],
                                "DefaultCacheBehavior": {"TargetOriginId": "x", "ViewerProtocolPolicy": "https-only"},
                            }
                        },
                    },
                },
                "Outputs": {
                    "SiteSiteBucketName": {"Value": {"Ref": "Bucket"}},
                    "SiteSiteDistributionId": {"Value": {"Ref": "Distribution"}},
                    "SiteSiteManifest": {"Value": '{"apis": {}}'},
                },
            }
        )
        self.outputs = outcome.outputs
        self.bucket = self.outputs["SiteSiteBucketName"]

    def publish(self, files: Mapping[str, SiteFile], **outputs: str) -> Publication:
        return publish(self.world.session, self.site, files, {**self.outputs, **outputs}, self.world.reporter)

    def held(self) -> dict[str, tuple[bytes, str, str]]:
        s3 = self.world.session.client("s3")
        found = {}
        for each in s3.list_objects_v2(Bucket=self.bucket)["Contents"]:
            got = s3.get_object(Bucket=self.bucket, Key=each["Key"])
            found[each["Key"]] = (got["Body"].read(), got["ContentType"], got["CacheControl"])
        return found

    def invalidations(self) -> int:
        cloudfront = self.world.session.client("cloudfront")
        listed = cloudfront.list_invalidations(DistributionId=self.outputs["SiteSiteDistributionId"])
        return listed["InvalidationList"]["Quantity"]


def page(text: str) -> SiteFile:
    return SiteFile(text.encode(), "text/html; charset=utf-8", "no-cache")


def test_publishing_again_sends_what_changed_and_removes_what_is_gone(world: World) -> None:
    site = Site(world)
    first = site.publish({"index.html": page("1"), "a/b.css": SiteFile(b"b{}", "text/css", "max-age=60")})
    assert first == Publication(("a/b.css", "index.html", "manifest.json"), (), ())
    assert site.held() == {
        "a/b.css": (b"b{}", "text/css", "max-age=60"),
        "index.html": (b"1", "text/html; charset=utf-8", "no-cache"),
        "manifest.json": (b'{"apis": {}}', "application/json", "no-cache"),
    }
    assert site.invalidations() == 0

    again = site.publish({"index.html": page("1"), "a/b.css": SiteFile(b"b{}", "text/css", "max-age=60")})
    assert again == Publication((), (), ())

    third = site.publish({"index.html": page("2"), "about.html": page("new")})
    assert third == Publication(("about.html", "index.html"), ("a/b.css",), ("/", "/a/b.css", "/index.html"))
    assert set(site.held()) == {"about.html", "index.html", "manifest.json"}
    assert site.invalidations() == 1


def test_a_header_that_changed_is_a_change(world: World) -> None:
    site = Site(world)
    site.publish({"a.css": SiteFile(b"b{}", "text/css", "max-age=60")})
    assert site.publish({"a.css": SiteFile(b"b{}", "text/css", "max-age=90")}).sent == ("a.css",)
    assert site.held()["a.css"][2] == "max-age=90"


def test_another_address_of_an_api_is_another_manifest(world: World) -> None:
    site = Site(world)
    site.publish({"index.html": page("1")})
    told = site.publish({"index.html": page("1")}, SiteSiteManifest='{"apis": {"public": "https://x.example"}}')
    assert told == Publication(("manifest.json",), (), ("/manifest.json",))


def test_a_website_bucket_has_nothing_to_forget(world: World) -> None:
    site = Site(world)
    del site.outputs["SiteSiteDistributionId"]  # type: ignore[attr-defined]  # the dictionary that it is
    site.publish({"index.html": page("1")})
    assert site.publish({"index.html": page("2")}).forgotten == ()


@pytest.mark.parametrize(
    ("key", "paths"),
    [
        ("index.html", ["/index.html", "/"]),
        ("docs/index.html", ["/docs/index.html", "/docs/"]),
        ("docs/über uns.html", ["/docs/%C3%BCber%20uns.html", "/docs/%C3%BCber%20uns"]),
        ("a.css", ["/a.css"]),
    ],
)
def test_paths_that_lead_to_a_file(key: str, paths: list[str]) -> None:
    assert paths_of(key, lakon.Service("web").site("./public")) == paths


def test_cloudfront_takes_certificates_of_one_region() -> None:
    named = lakon.Domain("shop.example", zone="Z0123456789ABC")
    site = lakon.Service("web").site("./public", domain=named)
    check_region(Session(Target(stage="dev", region="us-east-1")), [site], "/")
    with pytest.raises(ProvisionError, match="would be made in eu-west-1"):
        check_region(Session(Target(stage="dev", region="eu-west-1")), [site], "/")
    named.certificate = "arn:aws:acm:us-east-1:111122223333:certificate/0"
    check_region(Session(Target(stage="dev", region="eu-west-1")), [site], "/")
