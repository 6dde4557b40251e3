"""Starts a function's runtime with a debugger that can be attached to.

A program of its own, run by the function's Python: `debugged.py PACKAGES PORT SOURCES -m MODULE HANDLER`. Standard
library and debugpy, which lies in PACKAGES, only. The project's own modules are imported from SOURCES (separated by
colons), where the editor sees them, and not from the archive: breakpoints need no mapping.
"""

from __future__ import annotations

import importlib
import runpy
import sys
import time

_PATIENCE = 3.0  # seconds that an environment which ends may hold the port


def main() -> None:
    """Listen for a debugger on PORT, and become the runtime."""
    packages, port, sources, _, module, handler = sys.argv[1:]
    sys.path[:1] = [*sources.split(":"), ""]
    _listen(packages, int(port))
    sys.argv = [module, handler]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _listen(packages: str, port: int) -> None:
    sys.path.append(packages)
    debugpy = importlib.import_module("debugpy")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            debugpy.listen(("127.0.0.1", port), in_process_debug_adapter=True)
        except (OSError, RuntimeError) as error:
            if time.monotonic() > deadline:
                sys.stderr.write(f"the debugger cannot listen on port {port}: {error}\n")
                return
            time.sleep(0.05)
        else:
            sys.stderr.write(f"a debugger can be attached to 127.0.0.1:{port}\n")
            return


if __name__ == "__main__":
    main()
