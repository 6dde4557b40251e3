"""What a service has declared so far, in the order it was said. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import several
from lakon.model.values import Declaring
from lakon.runtime import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.authorizers import LambdaAuthorizer
    from lakon.model.function import Function
    from lakon.model.gateways import AnyApi
    from lakon.model.golibrary import GoLibrary
    from lakon.model.inputs import Input
    from lakon.model.origin import Origin
    from lakon.model.resources import AnyResource
    from lakon.model.sites import Site


class Output:
    """A value that is shown among the outputs of the stack; made by `service.output`."""

    __slots__ = ("name", "origin", "value")

    def __init__(self, name: str, value: object, origin: Origin) -> None:
        self.name = name
        self.value = value
        self.origin = origin


class Declared:
    """The lists that declarations are added to, and what holds for all of them."""

    __slots__ = (
        "apis",
        "architecture",
        "authorizers",
        "description",
        "env",
        "exclude",
        "functions",
        "include",
        "inputs",
        "layer",
        "libraries",
        "log_retention_days",
        "name",
        "origin",
        "outputs",
        "python",
        "resources",
        "sites",
        "stage_asked",
        "tags",
        "with_bucket",
    )

    def __init__(
        self,
        name: str,
        origin: Origin,
        *,
        description: str,
        python: str,
        architecture: str,
        env: Mapping[str, str] | None,
        tags: Mapping[str, str] | None,
        log_retention_days: int,
        include: str | Sequence[str],
        exclude: str | Sequence[str],
        layer: bool,
        bucket: bool,
    ) -> None:
        self.name = name
        self.origin = origin
        self.description = description
        self.python = python
        self.architecture = architecture
        self.env = {} if env is None else env
        self.tags = {} if tags is None else tags
        self.log_retention_days = log_retention_days
        self.include = several(include)
        self.exclude = several(exclude)
        self.layer = layer
        self.with_bucket = bucket
        self.functions: list[Function] = []
        self.libraries: list[GoLibrary] = []
        self.resources: list[AnyResource] = []
        self.apis: list[AnyApi] = []
        self.authorizers: list[LambdaAuthorizer] = []
        self.sites: list[Site] = []
        self.inputs: list[Input] = []
        self.outputs: list[Output] = []
        self.stage_asked: str | None = None

    @property
    def stage(self) -> str:
        """The stage that this copy of the service is, as in `memory=2048 if service.stage == "prod" else 256`.

        It is the stage of the command that loads the program, and the same inside Lambda: once a program asks while it
        is loaded, or gives a function a `physical_name`, every function of it is told by the variable `LAKON_STAGE`;
        if it asks later, the function's name tells. Elsewhere that variable decides, or it is "dev". LakonError inside
        Lambda where neither tells.
        """
        if Declaring.depth:
            self.stage_asked = Declaring.stage
            return Declaring.stage
        if environment.in_lambda() and not environment.is_told_stage():
            return self._stage_of(environment.function_name())
        return environment.stage()

    def _stage_of(self, name: str) -> str:
        """The stage in the name of one of the service's functions: `shop-prod-price` is of "prod"."""
        start = f"{self.name}-"
        ends = [f"-{function.name}" for function in self.functions]
        stages = {name[len(start) : -len(end)] for end in ends if name.startswith(start) and name.endswith(end)}
        stages.discard("")
        if len(stages) != 1:
            from lakon.exceptions import LakonError  # what never fails starts sooner without it

            raise LakonError(
                f"the function {name} does not know its stage",
                hint="Ask service.stage while the program is loaded, at its top level: then functions are told.",
            )
        return stages.pop()
