"""Write `docs/reference/` from the code: `python docs/generate.py`.

Nothing in those pages is written by hand. A test compares them with what this file makes, so they cannot go stale.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import lakon
from lakon import exceptions, settings
from lakon.cli.group import COMMANDS
from lakon.model import balancers, function, gateways, resources, routes, sites, sockets
from lakon.model.apis import Apis
from lakon.model.functions import Functions
from lakon.model.handles import Handles
from lakon.model.routes import INHERITED
from lakon.runtime.environment import variable
from lakon.synth.grants import ACTIONS
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Made by docs/generate.py from the code. Do not edit. -->"
KINDS = (
    resources.Bucket,
    resources.Table,
    resources.Queue,
    resources.Topic,
    resources.Bus,
    resources.LogGroup,
    resources.Parameter,
    resources.Secret,
    gateways.HttpApi,
    gateways.RestApi,
    gateways.FunctionUrl,
    balancers.LoadBalancer,
    sockets.WebSocketApi,
    sites.Site,
)


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
    sys.stderr.write(f"wrote {len(pages())} pages to {REFERENCE}\n")


def pages() -> dict[str, str]:
    """Every page of the reference: its file name and its text."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "commands.md": commands,
        "api.md": api,
        "environment.md": environment,
        "grants.md": grants,
        "errors.md": exit_codes,
    }
    return {name: "\n\n".join([NOTICE, *page()]) + "\n" for name, page in made.items()}


# ---- commands -------------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """The page of the command line."""
    yield "# Commands"
    yield (
        "`python app.py COMMAND` is the same as `lakon COMMAND` when the program ends in `service.main()`. "
        "stdout carries data, stderr carries talk. Exit codes are in [errors.md](errors.md)."
    )
    yield table(
        ("command", "what it does"), [(f"[`lakon {name}`](#lakon-{name})", COMMANDS[name]) for name in COMMANDS]
    )
    for name in COMMANDS:
        command = importlib.import_module(f"lakon.cli.{name}").command
        yield from _command(command, f"lakon {name}", "##")


def _command(command: click.Command, path: str, level: str) -> Iterator[str]:
    yield f"{level} {path}"
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```console\n$ {path} {usage}\n```"
    yield prose(command.help or "")
    options = [_option(each) for each in command.params if isinstance(each, click.Option)]
    if options:
        yield table(("option", "meaning", "variable"), options)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, f"{path} {name}", level + "#")


def _option(option: click.Option) -> tuple[str, str, str]:
    metavar = f" {option.metavar}" if option.metavar else ""
    told = re.sub(r"\s*\[default: (.*?)\]", r" Default: \1.", option.help or "")
    if option.show_default and "Default:" not in told:
        told += f" Default: `{option.default}`."
    variables = f"`{option.envvar}`" if option.envvar else ""
    return f"`{', '.join(option.opts)}{metavar}`", told, variables


# ---- Python ---------------------------------------------------------------------------------------------------------


def api() -> Iterator[str]:
    """The page of the public names."""
    yield "# The `lakon` package"
    yield (
        "What `import lakon` offers. `service` below is a `lakon.Service`. Handles are made by its methods, such as "
        "`service.bucket(...)`, or by `existing`, and never by their class."
    )
    yield "## lakon.Service"
    yield signature("lakon.Service", lakon.Service)
    yield prose(lakon.Service.__doc__)
    for name, method in (member for kind in _parts() for member in _members(kind)):
        yield f"### service.{name}"
        yield signature(f"service.{name}", method)
        yield prose(method.__doc__, method)
    for name in sorted(set(lakon.__all__) - {"Service"}):
        value = getattr(lakon, name)
        if not (inspect.isclass(value) and issubclass(value, resources.Resource)):
            yield f"## lakon.{name}"
            yield signature(f"lakon.{name}", value)
            yield prose(value.__doc__)
    for kind in KINDS:
        yield from _handle(kind, f"lakon.{kind.__name__}")
        if kind is gateways.HttpApi:
            yield from _routes()
    yield from _handle(resources.CloudFormationResource, "lakon.CloudFormationResource")


def _parts() -> list[type]:
    """The classes that a service is made of, the first to be read about first."""
    return [Functions, Apis, Handles, lakon.Service]


def _routes() -> Iterator[str]:
    """What HTTP APIs, REST APIs, function URLs and load balancers have in common."""
    yield "## Routes of every HTTP front door"
    yield prose(routes.HttpFrontDoor.__doc__)
    for name, method in _members(routes.HttpFrontDoor):
        yield f"### api.{name}"
        yield signature(f"api.{name}", method)
        yield prose(method.__doc__)


def _handle(kind: type[resources.Resource], title: str) -> Iterator[str]:
    """The section of a handle: `existing`, then attributes in a table, then methods."""
    yield f"## {title}"
    yield prose(kind.__doc__)
    handle = kind.kind
    attributes = []
    methods = []
    shared = _members(gateways.HttpGateway) if issubclass(kind, gateways.HttpGateway) else ()
    for name, value in (*_members(kind), *shared):
        if isinstance(value, property):
            attributes.append((f"`{handle}.{name}`", " ".join((value.__doc__ or "").split())))
        elif name == "existing":
            yield f"### {title}.existing"
            yield signature(f"lakon.{kind.__name__}.existing", value)
            yield prose(value.__doc__)
        else:
            methods.append((name, value))
    if attributes:
        yield table(("attribute", "what it is"), attributes)
    for name, method in methods:
        yield f"### {handle}.{name}"
        yield signature(f"{handle}.{name}", method)
        yield prose(method.__doc__)


def _members(kind: type) -> Iterator[tuple[str, object]]:
    """Public methods and properties that the class itself defines, in the order of its source."""
    for name, value in vars(kind).items():
        if name.startswith("_") or inspect.ismemberdescriptor(value):
            continue
        if isinstance(value, classmethod):
            yield name, getattr(kind, name)
        elif isinstance(value, property) or inspect.isfunction(value):
            yield name, value


def signature(name: str, value: object) -> str:
    """How it is called, as a block of code."""
    if not callable(value):
        raise TypeError(f"{name} cannot be called")
    taken = inspect.signature(value)
    written = []
    before = None
    for each in taken.parameters.values():
        if each.name == "self":
            continue
        if each.kind == each.VAR_KEYWORD and "FunctionOptions" in str(each.annotation):
            written += _options(function, "FunctionOptions", function.DEFAULTS)
            continue
        if each.kind == each.VAR_KEYWORD and "RouteOptions" in str(each.annotation):
            written += _options(routes, "RouteOptions", routes.ROUTE_DEFAULTS)
            continue
        if before == each.POSITIONAL_ONLY != each.kind:
            written.append("/")
        if each.kind == each.KEYWORD_ONLY and before not in (each.KEYWORD_ONLY, each.VAR_POSITIONAL):
            written.append("*")
        star = "*" if each.kind == each.VAR_POSITIONAL else ""
        default = "" if each.default is each.empty else f" = {each.default!r}"
        written.append(f"{star}{each.name}: {each.annotation}{default}")
        before = each.kind
    if before == inspect.Parameter.POSITIONAL_ONLY:
        written.append("/")
    returns = "" if inspect.isclass(value) else f" -> {taken.return_annotation}"
    line = f"{name}({', '.join(written)}){returns}"
    if len(line) > 100:
        line = "\n".join([f"{name}(", *(f"    {each}," for each in written), f"){returns}"])
    return f"```python\n{line}\n```"


def _options(module: ModuleType, kind: str, defaults: Mapping[str, object]) -> Iterator[str]:
    """What every function or route takes, from the source: the types stand only where type checkers look."""
    tree = ast.parse(inspect.getsource(module))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind)
    for node in next(classes).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            default = "..." if defaults[name] is INHERITED else repr(defaults[name])
            yield f"{name}: {ast.unparse(node.annotation)} = {default}"


# ---- tables ---------------------------------------------------------------------------------------------------------


def environment() -> Iterator[str]:
    """The page of environment variables."""
    yield "# Environment variables"
    yield "## Inside a function"
    yield (
        "A function finds each resource that it uses, or is called by, in a variable. The name is made of the "
        "resource's own name, its kind and the attribute, in capitals, with `_` for `-`. The handle reads the same "
        'variable: `photos.name` is `os.environ["PHOTOS_BUCKET_NAME"]`.'
    )
    rows = []
    for kind in KINDS:
        for attribute in kind.told:
            about = getattr(kind, attribute).__doc__.partition(";")[0].removesuffix(".")
            rows.append(
                (f"a {kind.kind.replace('_', ' ')} `my-own`", f"`{variable('my-own', kind.kind, attribute)}`", about)
            )
    rows.append(
        (
            "a function `my-own`, given `lakon.invoke(...)`",
            f"`{variable('my-own', 'function', 'name')}`",
            "The function's physical name",
        )
    )
    yield table(("resource", "variable", "what it holds"), rows)
    yield "A `service.resource(...)` has no variable of its own: pass what you need with `env=`."
    yield "## For the command line"
    seen = dict(_command_variables())
    seen["LAKON_CACHE"] = first_sentence(settings.cache_folder)
    yield table(("variable", "meaning"), [(f"`{name}`", seen[name]) for name in sorted(seen)])
    yield (
        "AWS's own variables (`AWS_PROFILE`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and the rest) mean what they mean to "
        "the AWS command line. The embedded AWS is spoken to with credentials of its own."
    )


def _command_variables() -> Iterator[tuple[str, str]]:
    for name in COMMANDS:
        for each in importlib.import_module(f"lakon.cli.{name}").command.params:
            if isinstance(each, click.Option) and each.envvar:
                yield str(each.envvar), f"The same as `{max(each.opts, key=len)}`."


def grants() -> Iterator[str]:
    """The page of IAM actions."""
    yield "# Grants"
    yield "The IAM actions behind each grant of a handle, and the resources they are allowed on."
    ends = {"": "itself", "/*": "its objects", "/index/*": "its indexes", ":*": "its streams"}
    rows = []
    for (kind, access), parts in ACTIONS.items():
        for actions, suffixes in parts:
            on = "its calls" if access == "call" else " and ".join(ends[suffix] for suffix in suffixes)
            rows.append((f"`{kind}.{access}`", "<br>".join(f"`{action}`" for action in actions), on))
    yield table(("grant", "actions", "on"), rows)
    yield "## What a role holds besides"
    yield "Each function has a role of its own. This is what else puts something into it."
    yield table(("what the program says", "actions", "on"), _other_rights())


def _other_rights() -> Iterator[tuple[str, str, str]]:
    """Synthesise one function for each setting, and read what its role has more than a plain function's."""
    queue = "arn:aws:sqs:eu-west-1:123456789012:failed"
    topic = "arn:aws:sns:eu-west-1:123456789012:failed"
    plain = _policy({})
    yield "nothing: every function", _actions(plain), "its own log group"
    work = lakon.Queue.existing("work")
    said: tuple[tuple[str, dict[str, object], str], ...] = (
        ("`on=queue.messages()`", {"on": work.messages()}, "the queue"),
        ('`uses=lakon.invoke("other")`', {"uses": lakon.invoke("other")}, "the function and its versions"),
        ("`dead_letters=`, `on_success=` or `on_failure=` a queue", {"on_failure": queue}, "the queue"),
        ("the same with a topic", {"on_failure": topic}, "the topic"),
        ("`tracing=True`", {"tracing": True}, "`*`, as X-Ray wants it"),
        ("`vpc=`", {"vpc": lakon.Vpc(subnets=["subnet-1"], security_groups=["sg-1"])}, "`*`, as EC2 wants it"),
    )
    for what, settings_, on in said:
        more = [statement for statement in _policy(settings_) if statement not in plain]
        yield what, _actions(more), on


def other(event: object, context: object) -> None:
    """Stand for any handler: what a role holds does not depend on it."""


def _policy(said: dict[str, object]) -> list[object]:
    service = lakon.Service("example")
    service.function(other)
    service.function(name="asked", **said)(other)  # type: ignore[call-overload]  # settings are told as data here
    role = synthesize(service, stage="dev", root="").resources["AskedRole"]["Properties"]
    statements: list[object] = role["Policies"][0]["PolicyDocument"]["Statement"]  # type: ignore[index]  # a template
    return statements


def _actions(statements: Iterable[object]) -> str:
    named: list[str] = []
    for statement in statements:
        actions = statement["Action"] if isinstance(statement, dict) else ()
        named += [actions] if isinstance(actions, str) else actions
    return "<br>".join(f"`{action}`" for action in named)


def exit_codes() -> Iterator[str]:
    """The page of errors and exit codes."""
    yield "# Errors and exit codes"
    yield (
        "Every error that a user can mend is a `LakonError` (in `lakon.exceptions`). A command that raises one tells "
        "what went wrong, where, and after a blank line what to do, and exits with the code of its class."
    )
    classes: list[type[exceptions.LakonError]] = [exceptions.LakonError, *exceptions.LakonError.__subclasses__()]
    named = sorted(
        (each for each in classes if each.__module__ == exceptions.__name__), key=lambda each: each.exit_code
    )
    rows = [("0", "", "It worked.")]
    rows += [(str(each.exit_code), f"`{each.__name__}`", first_sentence(each)) for each in named]
    different = "`lakon diff --exit-code` found that something would change, `lakon status --drift --exit-code` drift."
    rows.append((str(exceptions.DIFFERENT), "", different))
    rows.append(("130", "", "Ctrl-C, or an answer of no to a question."))
    yield table(("exit code", "class", "meaning"), rows)
    yield "What to do about each is in [troubleshooting](../how-to/troubleshooting.md)."
    yield "## Fields of a LakonError"
    yield table(
        ("field", "what it is"),
        [
            ("`what`", "What went wrong."),
            ("`where`", "A source line such as `app.py:12`, a path or a resource; or None."),
            ("`hint`", "What to do; or None."),
            ("`detail`", "What another program printed; or None."),
            ("`mistakes`", "Only of a `ProgramError`: each mistake with `where`, `what` and `hint`, in order."),
        ],
    )


# ---- text -----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def prose(docstring: str | None, called: object = None) -> str:
    """A docstring as Markdown; where parameters of `called` and a colon begin a sentence, an item of a list begins."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    if callable(called):
        taken = inspect.signature(called).parameters
        names = "|".join(map(re.escape, [*taken, *(function.DEFAULTS if "options" in taken else ())]))
        paragraphs = [_listed(paragraph, names) for paragraph in paragraphs]
    return "\n\n".join(paragraphs)


def _listed(paragraph: str, names: str) -> str:
    named = rf"(?:{names})(?:, (?:{names}))*(?=: )"
    if not re.match(named, paragraph):
        return paragraph
    items = re.split(rf"(?:^|(?<=[.;]) )(?={named})", " ".join(paragraph.split()))
    told = [
        re.sub(rf"^{named}", lambda match: ", ".join(f"`{name}`" for name in match[0].split(", ")), item)
        for item in items
    ]
    return "\n".join(f"- {item.strip().rstrip(';.')}." for item in told if item)


def first_sentence(documented: object) -> str:
    """The first line of its docstring."""
    return (getattr(documented, "__doc__", None) or "").strip().partition("\n")[0]


if __name__ == "__main__":
    main()
