"""A server on loopback that answers lines as it was told: for tests of what talks to Redis."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def serving(answers: Mapping[bytes, bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and each line and connection as it comes; it hangs up on a line that it has no answer for."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server, answers, seen), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", seen
        server.shutdown(socket.SHUT_RDWR)


def _answer(server: socket.socket, answers: Mapping[bytes, bytes], seen: list[bytes]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        seen.append(b"(connected)")
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                seen.append(line.strip())
                if line.strip() not in answers:
                    break
                connection.sendall(answers[line.strip()])
