"""Published versions of a function: made, and removed when they are old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from lakon.provision.session import Session

KEPT = 5
"""How many versions of a function stay, the newest, beside those that an alias points to."""


def versions(session: Session, function: str, *, code: str | None = None) -> tuple[str, ...]:
    """The published versions of a function, oldest first; only those with that code, by Lambda's sum of it."""
    pages = session.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=function)
    rows = [row for page in pages for row in page["Versions"] if row["Version"] != "$LATEST"]
    return tuple(sorted((row["Version"] for row in rows if code in (None, row["CodeSha256"])), key=int))


def prune(session: Session, function: str) -> tuple[str, ...]:
    """Remove the versions of a function that are too old and that no alias points to; return them.

    One that another service holds on to, as Lambda@Edge does, stays.
    """
    old = versions(session, function)[:-KEPT]
    if not old:
        return ()
    pages = session.client("lambda").get_paginator("list_aliases").paginate(FunctionName=function)
    aliases = [row for page in pages for row in page["Aliases"]]
    used = {row["FunctionVersion"] for row in aliases}
    used |= {version for row in aliases for version in row.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}
    return tuple(version for version in old if version not in used and _removed(session, function, version))


def _removed(session: Session, function: str, version: str) -> bool:
    try:
        session.client("lambda").delete_function(FunctionName=function, Qualifier=version)
    except RefusedError as refused:
        if refused.status not in (400, 404, 409):
            raise
        return False
    return True
