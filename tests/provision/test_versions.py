"""Old versions of a function go, but for those that an alias points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.provision.flipping import stub_archive
from lakon.provision.versions import KEPT, prune, versions

if TYPE_CHECKING:
    from .conftest import World


def test_the_newest_and_the_used_stay(world: World) -> None:
    functions, name = world.session.client("lambda"), world.name
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="index.lakon_stub",
        Code={"ZipFile": stub_archive()},
    )
    for count in range(KEPT + 3):
        functions.update_function_configuration(FunctionName=name, Description=f"the {count}th")
        functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert prune(world.session, name) == ("1", "3")
    assert versions(world.session, name) == ("2", "4", "5", "6", "7", "8")
    assert prune(world.session, name) == ()
