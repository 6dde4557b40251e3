"""A program of its own: answers every POST with its body at once. What a client takes here is the client's own time.

`python -m bench.bare` prints its port and serves until its standard input closes.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading


def main() -> None:
    """Serve."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(json.dumps({"port": server.getsockname()[1]}), flush=True)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    with connection:
        asked = b""
        while part := connection.recv(65536):
            asked += part
            head, found, body = asked.partition(b"\r\n\r\n")
            told = head.lower().partition(b"content-length:")[2].split(maxsplit=1)
            if found and told and len(body) == int(told[0]):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                asked = b""


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
