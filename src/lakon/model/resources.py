"""All kinds of resources, as one closed union. Ships into Lambda."""

from __future__ import annotations

from lakon.model.cloudformation import CloudFormationResource
from lakon.model.messaging import Bus, Queue, Topic
from lakon.model.resource import Resource
from lakon.model.stores import Bucket, LogGroup, Parameter, Secret, Table

AnyResource = Bucket | Table | Queue | Topic | Bus | LogGroup | Parameter | Secret | CloudFormationResource

__all__ = [
    "AnyResource",
    "Bucket",
    "Bus",
    "CloudFormationResource",
    "LogGroup",
    "Parameter",
    "Queue",
    "Resource",
    "Secret",
    "Table",
    "Topic",
]
