"""The door to all of CloudFormation. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import several
from lakon.model.resource import Resource
from lakon.model.values import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.origin import Origin


class CloudFormationResource(Resource):
    """A resource in CloudFormation's own words; made by `service.resource`."""

    __slots__ = ("depends_on", "properties", "type")

    kind = "resource"

    def __init__(
        self,
        id: str,
        origin: Origin,
        type: str,
        properties: Mapping[str, object],
        *,
        depends_on: Resource | Sequence[Resource] = (),
        keep: bool = False,
    ) -> None:
        super().__init__(id, origin, keep=keep)
        self.logical_id = str(id)
        self.type = type
        self.properties = properties
        self.depends_on = several(depends_on)

    @property
    def ref(self) -> str:
        """What `Ref` gives for this type of resource; usable wherever a string is."""
        return Token(self.logical_id, "Ref")

    def att(self, attribute: str) -> str:
        """What `Fn::GetAtt` gives for an attribute such as `"Endpoint.Address"`; usable wherever a string is."""
        return Token(self.logical_id, attribute)
