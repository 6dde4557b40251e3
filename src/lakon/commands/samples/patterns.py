"""Values that match an event pattern of EventBridge, or a filter of SNS or SQS, which are written alike."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

WORD = "example"


def matching(pattern: Mapping[str, object]) -> dict[str, object]:
    """An object that the pattern lets through: for each of its fields a value that its first rule takes."""
    found: dict[str, object] = {}
    for name, rules in pattern.items():
        if name == "$or" and isinstance(rules, Sequence) and rules and isinstance(rules[0], Mapping):
            found |= matching(rules[0])
        elif isinstance(rules, Mapping):
            found[name] = matching(rules)
        elif isinstance(rules, Sequence) and not isinstance(rules, str) and rules and rules[0] != {"exists": False}:
            found[name] = _value(rules[0])
    return found


def _value(rule: object) -> object:
    if not isinstance(rule, Mapping) or len(rule) != 1:
        return rule
    ((kind, wanted),) = rule.items()
    match kind:
        case "prefix":
            return f"{_text(wanted)}{WORD}"
        case "suffix":
            return f"{WORD}{_text(wanted)}"
        case "equals-ignore-case":
            return wanted
        case "wildcard":
            return str(wanted).replace("*", WORD)
        case "numeric":
            return _number(wanted)
        case "cidr":
            return str(ipaddress.ip_network(str(wanted), strict=False).network_address + 1)
        case "anything-but":
            return _other(wanted)
        case _:
            return WORD


def _text(wanted: object) -> str:
    """A prefix or suffix is a text, or one whose case does not matter."""
    return str(wanted["equals-ignore-case"]) if isinstance(wanted, Mapping) else str(wanted)


def _number(rule: object) -> float:
    """A number that satisfies `["=", 5]`, `[">", 0, "<=", 10]`."""
    if not isinstance(rule, Sequence):
        return 0
    bounds = {str(sign): float(number) for sign, number in zip(rule[::2], rule[1::2], strict=True)}
    if exact := [number for sign, number in bounds.items() if "=" in sign]:
        number = exact[0]
    elif {">", "<"} <= bounds.keys():
        number = (bounds[">"] + bounds["<"]) / 2
    else:
        number = bounds[">"] + 1 if ">" in bounds else bounds["<"] - 1
    return int(number) if number == int(number) else number


def _other(rule: object) -> object:
    """A value that is none of those that are ruled out."""
    out = rule if isinstance(rule, Sequence) and not isinstance(rule, str) else [rule]
    numbers = [each for each in out if isinstance(each, (int, float))]
    return max(numbers) + 1 if numbers else f"other-{WORD}"
