"""Where and when a sample event happens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scene:
    """An account and a region of a partition, at a moment (UTC)."""

    account: str
    region: str
    partition: str
    moment: datetime

    @classmethod
    def now(cls, account: str, region: str, partition: str) -> Scene:
        """The scene at this moment."""
        return cls(account, region, partition, datetime.now(UTC))

    @property
    def time(self) -> str:
        """The moment with milliseconds: `2027-01-31T18:00:00.000Z`."""
        return f"{self.moment:%Y-%m-%dT%H:%M:%S}.{self.moment.microsecond // 1000:03}Z"

    @property
    def seconds(self) -> str:
        """The moment to the second: `2027-01-31T18:00:00Z`."""
        return f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def epoch_ms(self) -> int:
        """The moment as epoch milliseconds."""
        return int(self.moment.timestamp() * 1000)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def identity() -> str:
    """An identifier that no other event has."""
    return str(uuid.uuid4())
