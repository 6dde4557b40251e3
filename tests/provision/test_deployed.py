"""What a stack was made of, asked back from AWS."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.deployed import deployed, members

if TYPE_CHECKING:
    from .conftest import Template, World

TOPIC: Template = {
    "Parameters": {"Level": {"Type": "String", "Default": "info"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Level"}}}},
}


def test_a_stack_and_its_template(world: World) -> None:
    assert deployed(world.session, world.name) is None
    world.provision(TOPIC, {"Level": "debug"}, tags={"team": "one"})
    found = deployed(world.session, world.name)
    assert found is not None
    assert found.template == TOPIC
    assert (found.stack.parameters, found.stack.tags) == ({"Level": "debug"}, {"team": "one"})


def test_a_template_that_is_not_json(world: World) -> None:
    world.session.client("cloudformation").create_stack(
        StackName=world.name, TemplateBody="Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
    )
    with pytest.raises(ProvisionError, match="is not JSON"):
        deployed(world.session, world.name)


@pytest.mark.parametrize("files", [0, 3, 4000])
def test_members_of_an_archive(world: World, files: int) -> None:
    """The directory of 4,000 files is longer than the first range that is read."""
    s3 = world.session.client("s3")
    s3.create_bucket(Bucket=world.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for index in range(files):
            archive.writestr(f"package/a_module_with_a_long_name_{index:04}.py", f"x = {index}\n" * 5)
    s3.put_object(Bucket=world.name, Key="a.zip", Body=content.getvalue())
    with zipfile.ZipFile(content) as archive:
        expected = {each.filename: (each.file_size, each.CRC) for each in archive.infolist()}
    assert members(world.session, world.name, "a.zip") == expected


def test_what_is_no_archive_has_no_members(world: World) -> None:
    s3 = world.session.client("s3")
    s3.create_bucket(Bucket=world.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=world.name, Key="text", Body=b"no archive")
    assert members(world.session, world.name, "text") is None
    assert members(world.session, world.name, "not-there") is None
