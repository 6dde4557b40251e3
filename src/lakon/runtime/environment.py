"""The environment variables that tell a function where its service's resources are. Ships into Lambda.

A resource `photos` of kind `bucket` whose physical name is asked for answers from `PHOTOS_BUCKET_NAME`; the same rule
names the variable in the template, in the handle and in a function written in another language.
"""

from __future__ import annotations

import os

DEFAULT_STAGE = "dev"
STAGE_VARIABLE = "LAKON_STAGE"


def variable(resource: str, kind: str, attribute: str) -> str:
    """Name the variable that holds an attribute: `("my-jobs", "queue", "url")` is `MY_JOBS_QUEUE_URL`."""
    return f"{resource}_{kind}_{attribute}".replace("-", "_").upper()


def stage() -> str:
    """The stage that this process belongs to, as its environment says: "dev" where it says nothing."""
    return os.environ.get(STAGE_VARIABLE) or DEFAULT_STAGE


def is_told_stage() -> bool:
    """Whether the environment says which stage this process belongs to."""
    return bool(os.environ.get(STAGE_VARIABLE))


def function_name() -> str:
    """The name of the function that this process is; empty elsewhere."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")


def in_lambda() -> bool:
    """Whether this process is a function's: AWS's runtime says which."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def answer(resource: str, kind: str, attribute: str) -> str | None:
    """What the environment says of the resource, or None where it says nothing."""
    return os.environ.get(variable(resource, kind, attribute))
