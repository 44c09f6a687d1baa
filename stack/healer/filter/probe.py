"""The filter's health check, run by Docker every few seconds: does it answer? Built on the C part of `socket` alone."""

import sys
from _socket import AF_UNIX, SOCK_STREAM, socket

SOCKET = "/run/engine/engine.sock"
SECONDS = 1.0  # shorter than Docker's timeout for the probe
PING = b"GET /_ping HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n"


def probe(path: str) -> int:
    """Ping it, and print what came back."""
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(path)
        connection.sendall(PING)
        got = connection.recv(100)
    except OSError as error:
        print(f"no answer within {SECONDS:g} s: {error}")
        return 1
    finally:
        connection.close()
    status = got.partition(b"\r\n")[0].decode("ascii", "replace")
    print(status)
    return 0 if " 200 " in status else 1


if __name__ == "__main__":
    sys.exit(probe(SOCKET))
