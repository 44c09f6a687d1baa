"""Asks the service for its health, for Docker: `python3 -I -S probe.py [port]`.

Docker runs this every few seconds for as long as the container lives, so it costs what starting the
interpreter costs and hardly more: `_socket` is the C part of `socket`, without the Python around it.
"""

import sys
from _socket import socket
from time import monotonic

HOST = "127.0.0.1"  # `localhost` is ::1 first, where nothing listens
PORT = 5000
# Shorter than Docker's timeout: when Docker gives up on a probe, it may leave processes behind.
SECONDS = 1.0
REQUEST = b"GET /healthcheck HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
MAX_ANSWER_BYTES = 4096


def answer(port: int, seconds: float) -> bytes:
    """All that comes back until the service hangs up; the deadline is for the whole of it."""
    deadline = monotonic() + seconds
    connection = socket()
    try:
        connection.settimeout(seconds)
        connection.connect((HOST, port))
        connection.sendall(REQUEST)
        return received(connection, deadline)
    finally:
        connection.close()


def received(connection: socket, deadline: float) -> bytes:
    got = b""
    while len(got) < MAX_ANSWER_BYTES:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        part = connection.recv(MAX_ANSWER_BYTES)
        if not part:
            break
        got += part
    return got


def verdict(got: bytes) -> tuple[int, str]:
    """The exit code, and the line that Docker keeps."""
    head, _, body = got.partition(b"\r\n\r\n")
    status_line, *headers = head.split(b"\r\n")
    healthy = status_line.split(b" ")[:2] == [b"HTTP/1.1", b"200"]
    why = [header for header in headers if header.lower().startswith(b"proxy-status:")]  # Redis was only late
    return 0 if healthy else 1, b" ".join([status_line, body, *why]).decode("ascii", "replace")


def main(arguments: list[str]) -> int:
    port = int(arguments[0]) if arguments else PORT
    try:
        code, line = verdict(answer(port, SECONDS))
    except OSError as error:
        code, line = 1, f"no answer on {HOST}:{port} within {SECONDS:g} s: {error}"
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
