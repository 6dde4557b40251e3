"""Values that lie in Parameter Store or Secrets Manager, by reference. Ships into Lambda.

They are CloudFormation's dynamic references: CloudFormation reads the value when it makes or updates the resource, so
neither the program, nor the template, nor Lakon ever holds it.
"""

from __future__ import annotations

SECRET_MARKS = ("{{resolve:secretsmanager:", "{{resolve:ssm-secure:")


def ssm(name: str, *, version: int | None = None, secure: bool = False) -> str:
    """The value of a parameter in Parameter Store, as in `env={"URL": lakon.ssm("/shop/url")}`.

    The newest value at the time of a provision that changes something, unless a `version` is named. `secure` is for a
    SecureString, which CloudFormation takes in few places: passwords of databases and their like, never in the
    environment of a function. ValueError for what is no name or version.
    """
    _check(name, "a parameter")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
        raise ValueError(f"the version of the parameter {name!r} is {version!r}: it is a number from 1 on")
    numbered = "" if version is None else f":{version}"
    return f"{{{{resolve:{'ssm-secure' if secure else 'ssm'}:{name}{numbered}}}}}"


def secret(name: str, *, key: str = "", stage: str = "") -> str:
    """The value of a secret in Secrets Manager, for properties of resources: a name or ARN, and a `key` of its JSON.

    `stage` is the staging label, AWSCURRENT unless said. The environment of a function is no place for it, since
    whoever may look at the function would see it: a function reads a secret when it runs, by its handle and a grant.
    ValueError for what is no name.
    """
    _check(name, "a secret")
    rest = f":SecretString:{key}:{stage}".rstrip(":") if key or stage else ""
    return f"{{{{resolve:secretsmanager:{name}{rest}}}}}"


def _check(name: object, kind: str) -> None:
    if not isinstance(name, str) or not name.strip() or "{{" in name or "}}" in name:
        raise ValueError(f"{kind} is named {name!r}")
