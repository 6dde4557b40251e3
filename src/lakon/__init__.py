"""Lakon: one Python program is a whole AWS Lambda service. Ships into Lambda.

The public names are resolved when first used: a program pays at import only for what it declares with.
"""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = [
    "Alarm",
    "Allow",
    "Bucket",
    "Bus",
    "CloudFormationResource",
    "Grant",
    "LogGroup",
    "Parameter",
    "Queue",
    "Schedule",
    "Secret",
    "Service",
    "Table",
    "Topic",
    "Vpc",
    "allow",
    "at",
    "cron",
    "duration",
    "errors",
    "event",
    "every",
    "invoke",
    "throttles",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.alarms import Alarm, duration, errors, throttles
    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.function import Vpc
    from lakon.model.grants import Allow, Grant, allow, invoke
    from lakon.model.messaging import Bus, Queue, Topic
    from lakon.model.service import Service
    from lakon.model.stores import Bucket, LogGroup, Parameter, Secret, Table
    from lakon.model.triggers import Schedule, at, cron, event, every
else:
    _HOMES = {
        "alarms": ("Alarm", "duration", "errors", "throttles"),
        "cloudformation": ("CloudFormationResource",),
        "function": ("Vpc",),
        "grants": ("Allow", "Grant", "allow", "invoke"),
        "messaging": ("Bus", "Queue", "Topic"),
        "service": ("Service",),
        "stores": ("Bucket", "LogGroup", "Parameter", "Secret", "Table"),
        "triggers": ("Schedule", "at", "cron", "event", "every"),
    }
    _HOME = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name):
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'lakon' has no attribute {name!r}")
        value = globals()[name] = getattr(__import__(f"lakon.model.{home}", fromlist=[name]), name)
        return value

    def __dir__():
        return sorted([*globals(), *__all__])
