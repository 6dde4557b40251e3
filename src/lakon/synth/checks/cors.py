"""Checks of CORS: origins, methods and headers as the Fetch standard has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.http import Cors
from lakon.synth.checks.mistakes import spelled

if TYPE_CHECKING:
    from lakon.model.origin import Origin
    from lakon.synth.checks.mistakes import Mistakes

ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+(:[0-9]+)?")
METHODS = ("*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
HEADER = re.compile(r"\*|[A-Za-z0-9!#$%&'+.^_`|~-]+")


def check_cors(of: object, cors: object, origin: Origin, mistakes: Mistakes) -> None:
    """The `cors=` of a front door."""
    if cors is None:
        return
    told = f"cors of {of!r:.60}"
    if not isinstance(cors, Cors):
        mistakes.add(origin, f"{told} is {cors!r:.60}", 'write cors=lakon.Cors(origins=["https://photos.example"])')
        return
    mistakes.unless(
        bool(cors.origins) and all(spelled(ORIGIN, each) for each in cors.origins),
        origin,
        f"the origins in {told} are {cors.origins!r:.80}",
        'an origin has a scheme and a host, and no slash at its end: "https://photos.example"; "*" stands for all',
    )
    mistakes.unless(
        "*" not in cors.origins or len(cors.origins) == 1,
        origin,
        f"the origins in {told} are all, and some by name",
        'write "*" alone, or leave it out',
    )
    mistakes.unless(
        bool(cors.methods) and all(isinstance(each, str) and each in METHODS for each in cors.methods),
        origin,
        f"the methods in {told} are {cors.methods!r:.80}",
        f"they are some of {', '.join(METHODS[1:])}, or `*` for all",
    )
    for option, headers in {"headers": cors.headers, "expose": cors.expose}.items():
        mistakes.unless(
            all(spelled(HEADER, each) for each in headers),
            origin,
            f"{option} in {told} is {headers!r:.80}",
            'a header is named as in "content-type"',
        )
    mistakes.flags(origin, str(of), credentials=cors.credentials)
    mistakes.within(origin, f"max_age in {told} in seconds", cors.max_age, 0, 86_400)
    mistakes.unless(
        not (cors.credentials is True and "*" in cors.origins),
        origin,
        f"{told} lets all origins send credentials",
        "browsers refuse that: name the origins, or leave credentials= out",
    )
