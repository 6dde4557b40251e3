"""From the names a user gives to CloudFormation's logical ids. Ships into Lambda."""

from __future__ import annotations


def logical_id(name: str, kind: str) -> str:
    """`("my-photos", "Bucket")` is `MyPhotosBucket`: readable, and the same as long as the name is."""
    words = name.replace("_", "-").split("-")
    return "".join([word[:1].upper() + word[1:] for word in words]) + kind
