"""The error tree. Ships into Lambda: standard library only, no import.

LakonError                  exit 1   what went wrong, where, and what to do
├── UsageError              exit 2   the command line or the project folder is not as it must be
├── ProgramError            exit 3   the program declares something that cannot be; holds all its mistakes
├── BuildError              exit 4   sources could not be made into archives
├── CredentialsError        exit 5   AWS does not know who is asking
├── ProvisionError          exit 6   AWS refused, or the stack failed
├── InvocationError         exit 7   the function was called and answered with an error
└── LocalError              exit 8   the embedded AWS cannot do its work
`lakon diff --exit-code` exits 9 when something would change. Interruption by Ctrl-C exits 130, as shells have it.
"""

from __future__ import annotations

DIFFERENT = 9
"""What `lakon diff --exit-code` exits with when something would change: no error, and none of their codes."""


class LakonError(Exception):
    """Something a user can mend: `what` went wrong, `where`, and a `hint` on what to do.

    `where` is a source line (`app.py:12`), a path or a resource; `detail` is what another program printed.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str | None = None, hint: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint
        self.detail = detail
        if detail:
            self.add_note(detail)  # tracebacks show it

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n\n{self.hint}" if self.hint else ""
        return f"{place}{self.what}{hint}"


class UsageError(LakonError):
    """The command line or the project folder is not as it must be."""

    exit_code = 2


class Mistake:
    """One thing a program got wrong: where it was declared, what is wrong, and what to write instead."""

    __slots__ = ("hint", "what", "where")

    def __init__(self, where: str, what: str, hint: str) -> None:
        self.where = where
        self.what = what
        self.hint = hint

    def __repr__(self) -> str:
        return f"{self.where}: {self.what} ({self.hint})"


class ProgramError(LakonError):
    """The program declares something that cannot be. Holds every mistake found, in the order of the source."""

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        mistakes: tuple[Mistake, ...] = (),
        where: str | None = None,
        hint: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint, detail=detail)
        self.mistakes = mistakes

    def __str__(self) -> str:
        if not self.mistakes:
            return super().__str__()
        return "\n".join([super().__str__(), *(f"  {mistake!r}" for mistake in self.mistakes)])


class BuildError(LakonError):
    """Sources could not be made into archives."""

    exit_code = 4


class CredentialsError(LakonError):
    """AWS does not know who is asking: credentials are missing, wrong or expired."""

    exit_code = 5


class ProvisionError(LakonError):
    """AWS refused a call, or the stack failed."""

    exit_code = 6


class InvocationError(LakonError):
    """The function was called and answered with an error."""

    exit_code = 7


class LocalError(LakonError):
    """The embedded AWS cannot be started, found, or asked."""

    exit_code = 8
