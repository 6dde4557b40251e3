"""Handles of what keeps data: buckets, tables, parameters, secrets, log groups. Ships into Lambda."""

from __future__ import annotations

from lakon.model.grants import Grant
from lakon.model.origin import caller
from lakon.model.resource import PARTITION, Resource, arn, handle_name
from lakon.model.triggers import ObjectEvents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.model.origin import Origin


class Bucket(Resource):
    """An S3 bucket: private, encrypted, TLS only."""

    __slots__ = ("expire_days", "versioned")

    kind = "bucket"
    told = ("name",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        versioned: bool = False,
        expire_days: int | None = None,
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.versioned = versioned
        self.expire_days = expire_days

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Bucket:
        """A bucket that another stack owns, by its name.

        Its variable is `<HANDLE>_BUCKET_NAME`; the handle is the name itself unless given. So for all kinds.
        """
        handle = handle_name(name, handle)
        known = {"name": name, "arn": f"arn:{PARTITION}:s3:::{name}"}
        return cls(handle, caller(), known=known)

    @property
    def name(self) -> str:
        """The bucket's name; inside Lambda from `<ID>_BUCKET_NAME`."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The bucket's ARN, for use in a declaration."""
        return self._answer("arn")

    @property
    def read(self) -> Grant:
        """List the bucket and read its objects."""
        return Grant(self, "read")

    @property
    def write(self) -> Grant:
        """Put and delete objects."""
        return Grant(self, "write")

    @property
    def read_write(self) -> Grant:
        """List the bucket; read, put and delete objects."""
        return Grant(self, "read_write")

    def created(self, *, prefix: str = "", suffix: str = "") -> ObjectEvents:
        """Call for every object that is put, copied or uploaded in parts, with a key of this prefix and suffix."""
        return ObjectEvents(self, ("s3:ObjectCreated:*",), prefix, suffix)

    def removed(self, *, prefix: str = "", suffix: str = "") -> ObjectEvents:
        """Call for every object that is deleted or gets a delete marker."""
        return ObjectEvents(self, ("s3:ObjectRemoved:*",), prefix, suffix)

    def events(self, *names: str, prefix: str = "", suffix: str = "") -> ObjectEvents:
        """Call for S3 event types by name, such as `"s3:ObjectRestore:Completed"`.

        See "Event notification types and destinations" in the S3 user guide.
        """
        return ObjectEvents(self, names, prefix, suffix)


class Table(Resource):
    """A DynamoDB table: on demand, encrypted, with point-in-time recovery."""

    __slots__ = ("indexes", "key", "recovery", "sort", "ttl")

    kind = "table"
    told = ("name",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        key: str = "",
        sort: str | None = None,
        indexes: Mapping[str, str | tuple[str, str]] | None = None,
        ttl: str | None = None,
        recovery: bool = True,
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.key = key
        self.sort = sort
        self.indexes = {} if indexes is None else indexes
        self.ttl = ttl
        self.recovery = recovery

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Table:
        """A table that another stack owns in this account and region, by its name."""
        handle = handle_name(name, handle)
        known = {"name": name, "arn": arn("dynamodb", name, prefix="table/")}
        return cls(handle, caller(), known=known)

    @property
    def name(self) -> str:
        """The table's name; inside Lambda from `<ID>_TABLE_NAME`."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The table's ARN, for use in a declaration."""
        return self._answer("arn")

    @property
    def read(self) -> Grant:
        """Get, query and scan items, of the table and of its indexes."""
        return Grant(self, "read")

    @property
    def write(self) -> Grant:
        """Put, update and delete items."""
        return Grant(self, "write")

    @property
    def read_write(self) -> Grant:
        """Get, query, scan, put, update and delete items."""
        return Grant(self, "read_write")


class Parameter(Resource):
    """A parameter in Systems Manager's Parameter Store, of type String: not for secrets."""

    __slots__ = ("description", "text")

    kind = "parameter"
    told = ("name",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        text: str = "",
        description: str = "",
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.text = text
        self.description = description

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Parameter:
        """A parameter that somebody else keeps, by its name such as `"/shop/currency"`."""
        handle = handle_name(name, handle)
        known = {"name": name, "arn": arn("ssm", name.lstrip("/"), prefix="parameter/")}
        return cls(handle, caller(), known=known)

    @property
    def name(self) -> str:
        """The parameter's name; inside Lambda from `<ID>_PARAMETER_NAME`."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The parameter's ARN, for use in a declaration."""
        return self._answer("arn")

    @property
    def read(self) -> Grant:
        """Get the parameter."""
        return Grant(self, "read")

    @property
    def write(self) -> Grant:
        """Put a new value."""
        return Grant(self, "write")


class Secret(Resource):
    """A secret in Secrets Manager, whose value is made by AWS and never stands in a template."""

    __slots__ = ("description", "key", "length", "template")

    kind = "secret"
    told = ("arn",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        description: str = "",
        length: int = 32,
        key: str | None = None,
        template: Mapping[str, str] | None = None,
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.description = description
        self.length = length
        self.key = key
        self.template = template

    @classmethod
    def existing(cls, arn: str, *, handle: str | None = None) -> Secret:
        """A secret that somebody else keeps, by its whole ARN."""
        return cls(handle_name(arn, handle), caller(), known={"arn": arn})

    @property
    def arn(self) -> str:
        """The secret's ARN, which `get_secret_value` takes; inside Lambda from `<ID>_SECRET_ARN`."""
        return self._answer("arn")

    @property
    def read(self) -> Grant:
        """Get the secret's value."""
        return Grant(self, "read")

    @property
    def write(self) -> Grant:
        """Put a new value."""
        return Grant(self, "write")


class LogGroup(Resource):
    """A log group in CloudWatch Logs, for what a program logs beside its functions' own logs."""

    __slots__ = ("retention_days",)

    kind = "log_group"
    told = ("name",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        retention_days: int = 30,
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.retention_days = retention_days

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> LogGroup:
        """A log group that somebody else keeps, by its name."""
        handle = handle_name(name, handle)
        known = {"name": name, "arn": arn("logs", name, prefix="log-group:")}
        return cls(handle, caller(), known=known)

    @property
    def name(self) -> str:
        """The group's name; inside Lambda from `<ID>_LOG_GROUP_NAME`."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The group's ARN without the trailing `:*`, for use in a declaration."""
        return self._answer("arn")

    @property
    def read(self) -> Grant:
        """Read and filter the group's events."""
        return Grant(self, "read")

    @property
    def write(self) -> Grant:
        """Make streams and put events into them."""
        return Grant(self, "write")
