"""Serves what the healers publish, for Prometheus: `python3 -I -S /healer/metrics_server.py`.

A process of its own, in a container of its own, without the engine's socket: nobody on a network talks to a healer.
"""

import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PUBLISHED = {"/metrics": "/var/lib/healer/healer.prom", "/metrics/watchdog": "/var/lib/watchdog/healer.prom"}
PORT = 9101
CLIENT_SECONDS = 2.0  # for one that says nothing
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def serve() -> int:
    """Answer until told to stop."""
    # The kernel ignores SIGTERM for a process 1 that does not ask for it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server(PORT) as answering:
        answering.serve_forever()
    return 0


def server(port: int) -> ThreadingHTTPServer:
    """Listen on every address of this container."""
    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer(("", port), Answer)


class Answer(BaseHTTPRequestHandler):
    """One request, one answer."""

    timeout = CLIENT_SECONDS

    def do_GET(self) -> None:
        """Answer by the path alone."""
        status, body = answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", FORMAT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: somebody asks every few seconds."""


def answer(path: str) -> tuple[int, bytes]:
    """Give status and body; a healer that has published nothing is no fault of this service."""
    if path == "/health":
        return 200, b"ok\n"
    if path in PUBLISHED:
        return published(PUBLISHED[path])
    return 404, f"there is {' and '.join(PUBLISHED)}\n".encode()


def published(name: str) -> tuple[int, bytes]:
    """Read what there is; it is always written whole."""
    try:
        return 200, Path(name).read_bytes()
    except OSError as error:
        return 503, f"the healer has published nothing: {error.strerror}\n".encode()


if __name__ == "__main__":
    sys.exit(serve())
