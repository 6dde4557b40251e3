"""Taking existing resources into a stack, by CloudFormation's resource import: nothing is made, changed or moved."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from lakon.provision.changes import discard, make
from lakon.provision.failure import first_cause
from lakon.provision.nesting import handed
from lakon.provision.progress import follow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_cloudformation.type_defs import ResourceToImportTypeDef

    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter


def adopt(
    session: Session,
    name: str,
    wanted: Wanted,
    imports: Sequence[ResourceToImportTypeDef],
    reporter: Reporter,
    *,
    origins: Mapping[str, str],
    held: Deployed | None = None,
) -> None:
    """Take `imports` into the stack `name`, whose template they have been added to; it is made where there is none.

    `held` is what the stack was until now.

    Raises:
        ProvisionError: CloudFormation refuses, or the import failed and was taken back.

    """
    token = f"lakon-adopt-{secrets.token_hex(4)}"
    ours = {each["LogicalResourceId"]: "" for each in imports}  # CloudFormation imports into the stack itself alone
    try:
        with reporter.step("asking CloudFormation for the import"):
            whole = handed(wanted, {**(held.places if held else {}), **ours})
            change_set = make(session, name, "IMPORT", token, whole, origins, imports)
        session.client("cloudformation").execute_change_set(
            ChangeSetName=change_set.change_set_id, ClientRequestToken=token
        )
    except BaseException:
        discard(session, name, token)
        raise
    with reporter.step(f"adopting into {name}"):
        ending = follow(session, change_set.stack_id, token, reporter)
    if ending.state != "IMPORT_COMPLETE":
        raise first_cause(session, name, ending, origins)
