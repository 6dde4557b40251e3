"""A service as a Mermaid flow chart, which code hosts and editors draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakon.describe.overview import Link, Overview


def mermaid(overview: Overview) -> str:
    """The chart: what calls stands left of a function, what it touches right of it."""
    nodes: dict[str, str] = {}
    lines = ["flowchart LR"]
    for resource in overview.resources:
        nodes[resource.id] = f"r{len(nodes)}"
        lines.append(f'  {nodes[resource.id]}[("{resource.id}<br/>{resource.kind.replace("_", " ")}")]')
    functions = {function.name: f"f{index}" for index, function in enumerate(overview.functions)}
    for name, node in functions.items():
        lines.append(f'  {node}(["{_quoted(name)}"])')
    for function in overview.functions:
        for link in (*function.calls, *function.touches):
            if link.other not in nodes and link.what != "invoke":
                nodes[link.other] = f"o{len(nodes)}"
                lines.append(f'  {nodes[link.other]}["{_quoted(link.other)}"]')
        me = functions[function.name]
        for link in function.calls:
            lines.append(f'  {nodes[link.other]} -- "{_quoted(link.what)}" --> {me}')
        for link in function.touches:
            lines.append(f'  {me} -. "{_quoted(link.what)}" .-> {_target(link, nodes, functions)}')
    return "\n".join(lines) + "\n"


def _target(link: Link, nodes: dict[str, str], functions: dict[str, str]) -> str:
    """A function and a resource may have the same name; only functions are invoked."""
    return functions[link.other] if link.what == "invoke" else nodes[link.other]


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")
