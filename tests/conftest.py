"""What holds for all tests: nothing of the user's shell reaches them, and Ctrl-C works in what they start."""

import os
import signal
import sys

KEPT = {"LAKON_CACHE", "LAKON_FAULTS", "LAKON_GOLDEN", "LAKON_SOAK"}

for name in list(os.environ):
    if name.startswith(("AWS_", "LAKON_")) and name not in KEPT | {"AWS_CA_BUNDLE"}:
        del os.environ[name]

# Hundreds of processes are started: each would compile all of Lakon where the shell says not to keep byte code.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A suite that a shell started in the background has SIGINT ignored, and its children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
