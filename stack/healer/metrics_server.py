"""Serves what the healers publish, for Prometheus: `python3 -I -S /healer/metrics_server.py`.

A process of its own, in a container of its own, without the engine's socket: nobody on a network talks to a healer.
`metrics_server.py --probe` asks it for its health, for Docker, and costs hardly more than starting the interpreter.
"""

import sys
from _socket import socket  # the C part of `socket`, without the Python around it

TYPE_CHECKING = False  # the `typing` of the standard library would cost a probe more than all the rest
if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

PUBLISHED = {"/metrics": "/var/lib/healer/healer.prom", "/metrics/watchdog": "/var/lib/watchdog/healer.prom"}
PORT = 9101
SECONDS = 1.0  # shorter than Docker's timeout for the probe
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def serve() -> int:
    """Answer until told to stop."""
    import signal

    # The kernel ignores SIGTERM for a process 1 that does not ask for it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server(PORT) as answering:
        answering.serve_forever()
    return 0


def server(port: int) -> "ThreadingHTTPServer":
    """Listen on every address of this container."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # not for the probe, which it would slow down

    class Answer(BaseHTTPRequestHandler):
        timeout = SECONDS * 2  # for a client that says nothing

        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", FORMAT)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: somebody asks every few seconds."""

    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer(("", port), Answer)


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
        with open(name, "rb") as file:  # noqa: PTH123 - one call, for which pathlib is not worth its import
            return 200, file.read()
    except OSError as error:
        return 503, f"the healer has published nothing: {error.strerror}\n".encode()


def probe() -> int:
    """Ask for the health, and print what came back."""
    connection = socket()
    connection.settimeout(SECONDS)
    try:
        connection.connect(("127.0.0.1", PORT))
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        got = connection.recv(100)
    except OSError as error:
        print(f"no answer within {SECONDS:g} s: {error}")
        return 1
    finally:
        connection.close()
    status = got.partition(b"\r\n")[0].decode("ascii", "replace")
    print(status)
    return 0 if " 200 " in f"{status} " else 1


if __name__ == "__main__":
    sys.exit(probe() if "--probe" in sys.argv else serve())
