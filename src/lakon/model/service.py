"""The service: one program's declarations, and its commands. Ships into Lambda."""

from __future__ import annotations

from lakon.model.apis import Apis
from lakon.model.declared import Output
from lakon.model.handles import Handles
from lakon.model.origin import caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Service(Apis, Handles):
    """One service: everything declared on it becomes one CloudFormation stack a stage, named `<name>-<stage>`.

    `python` is the version of Lambda's managed runtime. `architecture` is `"x86_64"` or `"arm64"`. `env`, `tags`,
    `log_retention_days` hold for every function unless it says otherwise. `include` and `exclude` are glob patterns,
    relative to the program's folder, of files that go into the archive or stay out of it beyond the usual selection.
    With `layer` the dependencies travel in a layer of their own, so that an edit of the program uploads kilobytes.
    With `bucket=False` stacks on AWS do without an artifact bucket: they are made with stubs, and `lakon flip` brings
    the code.
    """

    __slots__ = ()

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        python: str = "3.13",
        architecture: str = "x86_64",
        env: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        log_retention_days: int = 30,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        layer: bool = False,
        bucket: bool = True,
    ) -> None:
        super().__init__(
            name,
            caller(),
            description=description,
            python=python,
            architecture=architecture,
            env=env,
            tags=tags,
            log_retention_days=log_retention_days,
            include=include,
            exclude=exclude,
            layer=layer,
            bucket=bucket,
        )

    def __repr__(self) -> str:
        return f"<service {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

    def output(self, name: str, value: object) -> None:
        """Show `value`, an attribute of a handle or an intrinsic function, among the outputs of the stack."""
        self.outputs.append(Output(name, value, caller()))

    def main(self) -> None:
        """Run the `lakon` command line on this program: `python app.py provision` is `lakon provision`."""
        from lakon.cli.main import main

        main(program=self.origin.file)
