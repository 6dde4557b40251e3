"""What all resource handles have in common. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import logical_id
from lakon.model.origin import importing
from lakon.model.values import Declaring, Token
from lakon.runtime.environment import answer, in_lambda, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.origin import Origin

PARTITION = Token("AWS::Partition", "Ref")
REGION = Token("AWS::Region", "Ref")
ACCOUNT = Token("AWS::AccountId", "Ref")
STACK = Token("AWS::StackName", "Ref")


class Resource:
    """A resource of the service, or one that another stack owns (`existing`).

    At declaration its attributes are tokens for CloudFormation; inside Lambda those in `told` answer from the
    environment of every function that uses it.
    """

    __slots__ = ("id", "keep", "known", "logical_id", "origin")

    kind = ""
    told: tuple[str, ...] = ()

    def __init__(self, id: str, origin: Origin, *, keep: bool = False, known: dict[str, str] | None = None) -> None:
        self.id = id
        self.origin = origin
        self.keep = keep
        self.known = known
        self.logical_id = logical_id(id, type(self).__name__)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id!r}>"

    @property
    def owned(self) -> bool:
        """Whether this service's stack makes the resource."""
        return self.known is None

    def variables(self) -> dict[str, str]:
        """The environment variables by which functions find the resource, and what each stands for."""
        return {variable(self.id, self.kind, attribute): self.value(attribute) for attribute in self.told}

    def value(self, attribute: str) -> str:
        """The attribute as a value for a template: a literal where it is known, else a token."""
        if self.known is not None:
            return self.known[attribute]
        return Token(self.logical_id, attribute)

    def _answer(self, attribute: str) -> str:
        """The attribute as the program sees it: from the environment inside Lambda, else as in a template."""
        if not Declaring.depth and attribute in self.told:
            told = answer(self.id, self.kind, attribute)
            if told is not None:
                return told
        if self.known is None and in_lambda() and not importing():
            raise self._unknown(attribute)
        return self.value(attribute)

    def _unknown(self, attribute: str) -> Exception:
        from lakon.exceptions import ProgramError

        name = self.id.replace("-", "_")
        hint = f"Grant the function its use, as in uses=[{name}.read]: that also tells it where the resource is."
        if attribute not in self.told:
            hint = f"Pass it on when the function is declared: env={{{name.upper() + '_' + attribute.upper()!r}: ...}}."
        return ProgramError(
            f"this function does not know the {attribute} of the {self.kind} {self.id!r}",
            where=f"{self.origin.file}:{self.origin.line}",
            hint=hint,
        )


def handle_name(name: str, handle: str | None) -> str:
    """The name that an existing resource goes by: its `handle`, or what follows the last `/` or `:` of its own name.

    Raises TypeError where the name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"what exists already is named by a text, not by {name!r}")
    if handle is not None:
        return handle
    last = name.rstrip("*").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return "".join([letter if letter.isascii() and letter.isalnum() else "-" for letter in last]).strip("-")


def arn(service: str, name: str, *, prefix: str = "") -> str:
    """The ARN of `name` in this account and region; what is an ARN already stays as it is."""
    if name.startswith("arn:"):
        return name
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{prefix}{name}"
