"""Checks of static sites. Whether the folder is there, provision says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.synth.checks.mistakes import are_texts, spelled
from lakon.synth.checks.resources import NAME

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.model.sites import Site
    from lakon.synth.checks.mistakes import Mistakes

FILE = re.compile(r"[^/\s][^\s]*")
INDEX = re.compile(r"[^/\s]+")
MAX_NAME = 64


def check_sites(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every site of the service."""
    for site in service.sites:
        origin = site.origin
        mistakes.unless(
            spelled(NAME, site.id),
            origin,
            f"a site is named {site.id!r:.60}",
            "a name is made of letters, digits, hyphens and underscores, begins with a letter, and has at most 40",
        )
        physical = f"{service.name}-{stage}-{site.id}"
        mistakes.unless(
            len(physical) <= MAX_NAME or site.cdn is False,
            origin,
            f"the site would be named {physical!r}, which has {len(physical)} characters",
            f"CloudFront takes at most {MAX_NAME}: shorten the name of the service, the stage or the site",
        )
        _check_files(site, mistakes)
        for api in site.apis:
            mistakes.unless(
                api in service.apis,
                origin,
                f"the site {site.id!r} uses {api!r:.60}, which is no API of the service {service.name!r}",
                "give front doors of this service: api=[public, chat]",
            )
        mistakes.flags(
            origin, site.id, cdn=site.cdn, clean_urls=site.clean_urls, single_page=site.single_page, keep=site.keep
        )


def _check_files(site: Site, mistakes: Mistakes) -> None:
    origin, name = site.origin, site.id
    mistakes.unless(
        isinstance(site.folder, str) and bool(site.folder.strip()),
        origin,
        f"the folder of the site {name!r} is {site.folder!r:.60}",
        'a folder is relative to the program\'s file: service.site("./public")',
    )
    mistakes.unless(
        spelled(INDEX, site.index),
        origin,
        f"index of the site {name!r} is {site.index!r:.60}",
        'it is the name of a file: index="index.html"',
    )
    mistakes.unless(
        site.error is None or spelled(FILE, site.error),
        origin,
        f"error of the site {name!r} is {site.error!r:.60}",
        'it is a file of the folder, or None: error="404.html"',
    )
    mistakes.unless(
        are_texts(site.exclude),
        origin,
        f"exclude of the site {name!r} is {site.exclude!r:.60}",
        'patterns are texts: exclude=["*.map"]',
    )
    mistakes.unless(
        isinstance(site.cache, Mapping) and all(are_texts(pair) for pair in site.cache.items()),
        origin,
        f"cache of the site {name!r} is {site.cache!r:.60}",
        'it maps patterns to headers: cache={"*.woff2": "public, max-age=31536000, immutable"}',
    )
    mistakes.mapping(origin, f"manifest of the site {name!r}", site.manifest, '{"version": 3}')
