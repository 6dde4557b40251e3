"""Handles of static sites. Ships into Lambda."""

from __future__ import annotations

from lakon.model.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from lakon.model.balancers import LoadBalancer
    from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
    from lakon.model.http import Domain
    from lakon.model.origin import Origin
    from lakon.model.sockets import WebSocketApi

    SiteApi: TypeAlias = HttpApi | RestApi | WebSocketApi | FunctionUrl | LoadBalancer


class Site(Resource):
    """A folder of files that browsers read: a private bucket behind CloudFront, or a plain website bucket."""

    __slots__ = (
        "apis",
        "cache",
        "cdn",
        "clean_urls",
        "domain",
        "error",
        "exclude",
        "folder",
        "index",
        "manifest",
        "single_page",
    )

    kind = "site"
    told = ("url",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        folder: str,
        *,
        apis: tuple[SiteApi, ...],
        cdn: bool,
        index: str,
        error: str | None,
        clean_urls: bool,
        single_page: bool,
        cache: Mapping[str, str],
        manifest: Mapping[str, object],
        exclude: tuple[str, ...],
        domain: Domain | None,
        keep: bool,
    ) -> None:
        super().__init__(id, origin, keep=keep)
        self.folder = folder
        self.apis = apis
        self.cdn = cdn
        self.index = index
        self.error = error
        self.clean_urls = clean_urls
        self.single_page = single_page
        self.cache = cache
        self.manifest = manifest
        self.exclude = exclude
        self.domain = domain

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end; inside Lambda from `<ID>_SITE_URL`."""
        return self._answer("url")
