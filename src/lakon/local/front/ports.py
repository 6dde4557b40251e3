"""Which loopback port each front door has: the same one for as long as it is free."""

from __future__ import annotations

import json
import socket
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

PORTS_FILE = "ports.json"
_FIRST, _COUNT = 20_000, 12_000  # below the ports that systems give out by themselves


def assign(folder: Path, stack: str, names: Collection[str], *, running: bool) -> dict[str, int]:
    """A port for each of `names`, kept in the state folder of the embedded AWS. Of one that is `running` they are ours.

    Whoever provisions has the folder to himself. Raises OSError when the file cannot be written.
    """
    kept = _kept(folder)
    known = kept.get(stack, {})
    taken = {port for other, ports in kept.items() if other != stack for port in ports.values()}
    assigned: dict[str, int] = {}
    for name in names:
        port = known.get(name)
        if port is None or port in taken or not (running or _free(port)):
            port = _choose(f"{folder} {stack} {name}", taken | set(known.values()))
        taken.add(port)
        assigned[name] = port
    if assigned != known:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{PORTS_FILE}.partial"
        partial.write_text(json.dumps({**kept, stack: assigned}))
        partial.replace(folder / PORTS_FILE)
    return assigned


def _kept(folder: Path) -> dict[str, dict[str, int]]:
    try:
        kept: dict[str, dict[str, int]] = json.loads((folder / PORTS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return kept


def _choose(seed: str, taken: Collection[int]) -> int:
    start = int(sha256(seed.encode()).hexdigest(), 16)
    candidates = (_FIRST + (start + step) % _COUNT for step in range(_COUNT))
    return next(port for port in candidates if port not in taken and _free(port))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
