"""A difference as lines for a person: on stdout, in colour where that can be shown; signs say what colours say."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import click

from lakon.describe.difference.resources import TYPE
from lakon.describe.difference.values import is_policy, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakon.commands.diff import StackDifference
    from lakon.describe.difference.access import Access
    from lakon.describe.difference.code import CodeChange, FileChange
    from lakon.describe.difference.losses import Loss
    from lakon.describe.difference.resources import PropertyChange, ResourceChange
    from lakon.describe.difference.whole import Difference, ValueChange

_SIGNS = {"add": "+", "change": "~", "replace": "±", "remove": "-", "follow": "~"}
_STYLES = {"+": "green", "~": "yellow", "±": "magenta", "-": "red", "!": "red bold"}
_LONGEST = 120
_LISTED_FILES = 20


class Line(NamedTuple):
    """One line: its sign (which decides the colour), and its text behind an indentation."""

    sign: str
    text: str
    indent: int = 2


def show_or_print(found: StackDifference, *, as_json: bool) -> None:
    """Print a difference on stdout: as lines for a person, or as data for programs."""
    if as_json:
        from lakon.cli.terminal import print_json

        difference = found.difference
        summary = {"empty": difference.empty, "widens": difference.widens}
        print_json({"stack": found.stack, "exists": found.exists, **summary, **asdict(difference)})
    elif sys.stdout.isatty():
        _in_colour(lines(found))
    else:
        for line in lines(found):
            click.echo(plain_line(line))


def _in_colour(told: Iterable[Line]) -> None:
    from rich.console import Console

    from lakon.cli.terminal import escape

    console = Console(highlight=False, soft_wrap=True)
    for line in told:
        style = _STYLES.get(line.sign, "")
        text = escape(plain_line(line))
        console.print(f"[{style}]{text}[/]" if style else text)


def plain_line(line: Line) -> str:
    """A line as it stands in text without colours."""
    sign = f"{line.sign} " if line.sign else ""
    return f"{' ' * line.indent}{sign}{line.text}".rstrip()


def lines(found: StackDifference) -> Iterator[Line]:
    """All there is to say: what would be lost stands first, a count last."""
    difference = found.difference
    if difference.empty:
        yield Line("", f"{found.stack}: nothing would change", 0)
        return
    yield Line("", f"{found.stack}: would be {'changed' if found.exists else 'created'}", 0)
    yield from _section("Data at risk", loss_lines(difference.losses))
    yield from _section("Resources", (line for change in difference.resources for line in _resource(change)))
    yield from _section("Permissions", access_lines(difference.access))
    yield from _section("Code", (line for change in difference.code for line in _code(change)))
    told = {"Parameters": difference.parameters, "Outputs": difference.outputs, "Tags": difference.tags}
    for title, values in {**told, "Template": difference.sections}.items():
        yield from _section(title, map(_value, values))
    yield Line("", "", 0)
    yield Line("", _count(difference), 0)


def _section(title: str, told: Iterable[Line]) -> Iterator[Line]:
    content = list(told)
    if content:
        yield Line("", "", 0)
        yield Line("", title, 0)
        yield from content


def loss_lines(losses: Iterable[Loss]) -> Iterator[Line]:
    """What data would be lost, a line each."""
    for loss in losses:
        place = f"{loss.place}: " if loss.place else ""
        would = "would be" if loss.certain else "may be"
        fate = f" {would} {loss.event}" if loss.event != "changed" else ""
        yield Line("!", f"{place}{loss.logical_id} ({loss.resource_type}){fate}: {loss.what}")


def _resource(change: ResourceChange) -> Iterator[Line]:
    place = f"  {change.place}" if change.place else ""
    fate = {"always": "  (replaced)", "conditional": "  (may be replaced)", "never": ""}[change.replacement]
    yield Line(_SIGNS[change.action], f"{change.logical_id}  {change.resource_type}{fate}{place}")
    for each in change.properties:
        yield _property(each)


def _property(change: PropertyChange) -> Line:
    if change.follows:
        which = "which is replaced" if len(change.follows) == 1 else "which are replaced"
        return Line("", f"{change.path}: refers to {', '.join(change.follows)}, {which}", 6)
    fate = {"always": "  (replaces it)", "conditional": "  (may replace it)", "never": ""}[change.replacement]
    if change.path == TYPE:
        fate = "  (CloudFormation refuses that: give it another logical id)"
    if is_policy(change.old) or is_policy(change.new):
        return Line("", f"{change.path}: see the permissions below{fate}", 6)
    if change.old is None:
        return Line("+", f"{change.path}: {_short(change.new)}{fate}", 6)
    if change.new is None:
        return Line("-", f"{change.path}: {_short(change.old)}{fate}", 6)
    return Line("~", f"{change.path}: {_short(change.old)} -> {_short(change.new)}{fate}", 6)


def access_lines(changes: Iterable[Access]) -> Iterator[Line]:
    """Who may do more or less, below the resource that says so."""
    shown_last = None
    for access in changes:
        if access.logical_id != shown_last:
            yield Line("", access.logical_id, 2)
            shown_last = access.logical_id
        yield Line("+" if access.change == "add" else "-", _statement(access), 4)


def _statement(access: Access) -> str:
    who = f" to {access.principal}" if access.principal else ""
    where = f" on {access.resource}" if access.resource else ""
    when = f" if {access.condition}" if access.condition else ""
    wider = "  (allows more than before)" if access.widens else ""
    return f"{access.effect.lower()} {', '.join(access.actions)}{where}{who}{when}{wider}"


def _code(change: CodeChange) -> Iterator[Line]:
    users = ", ".join(change.resources[:3]) + (f" and {len(change.resources) - 3} more" if change.resources[3:] else "")
    if change.files is None:
        yield Line("~", f"{users}: other code (the archive in use cannot be read)")
        return
    yield Line("~" if change.old else "+", f"{users}: {_size_of(change)}")
    if change.old is not None:
        for each in change.files[:_LISTED_FILES]:
            yield _file(each)
        if rest := change.files[_LISTED_FILES:]:
            yield Line("", f"and {len(rest)} more files", 6)


def _size_of(change: CodeChange) -> str:
    files = change.files or ()
    if not files:
        return "the same files, packed anew"
    before, after = sum(each.old or 0 for each in files), sum(each.new or 0 for each in files)
    many = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{many}, {after:,} bytes" if change.old is None else f"{many} changed, {before:,} -> {after:,} bytes"


def _file(change: FileChange) -> Line:
    match change.action:
        case "add":
            return Line("+", f"{change.path}  {change.new:,} bytes", 6)
        case "remove":
            return Line("-", f"{change.path}  {change.old:,} bytes", 6)
        case "change":
            return Line("~", f"{change.path}  {change.old:,} -> {change.new:,} bytes", 6)


def _value(change: ValueChange) -> Line:
    if change.old is None:
        return Line("+", f"{change.name} = {_short(change.new)}")
    if change.new is None:
        return Line("-", f"{change.name} = {_short(change.old)}")
    return Line("~", f"{change.name}: {_short(change.old)} -> {_short(change.new)}")


def _short(value: object) -> str:
    text = shown(value).replace("\n", "\\n")  # a list has a line for each property
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"


def _count(difference: Difference) -> str:
    by_action = [change.action for change in difference.resources]
    counts = {
        "to add": by_action.count("add"),
        "to change": by_action.count("change") + by_action.count("follow"),
        "to replace": by_action.count("replace"),
        "to remove": by_action.count("remove"),
        "with other code": len({name for change in difference.code if change.old for name in change.resources}),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"resources: {told}" if told else "no resource would change"
