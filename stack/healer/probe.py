"""The healer's own health check: is its heartbeat fresh?

A file of its own with next to no imports, because Docker runs it every few seconds. The healer heals everybody else;
for the healer itself Docker gives its verdict first, and then the next probe asks the engine to restart this container.
"""

import sys
import time

HEARTBEAT = "/run/healer/heartbeat"
SOCKET = "/var/run/docker.sock"
NOTE = "/var/lib/healer/asked"  # for the next run of the healer, which counts this restart as well
STALE_SECONDS = 3.0
ENGINE_SECONDS = 0.3  # two calls and the start of Python fit into a health check's timeout of 1 s


def main() -> int:
    """Print why it is not well, if it is not."""
    stamp, own_id = heartbeat()
    if not (trouble := stale(stamp, time.monotonic())):
        return 0
    print(trouble, end="; ")
    print(restart_when_condemned(own_id, trouble))
    return 1


def heartbeat() -> tuple[float | None, str]:
    """Read when the healer last moved, and which container it is."""
    try:
        with open(HEARTBEAT) as file:  # noqa: PTH123 - importing pathlib costs more than all of this
            stamp, own_id = file.read().split()
        return float(stamp), own_id
    except (OSError, ValueError):
        return None, ""


def stale(stamp: float | None, now: float) -> str:
    """Say what is wrong with a heartbeat, or nothing."""
    if stamp is None:
        return "no heartbeat yet"
    age = now - stamp
    return f"no heartbeat for {age:.1f} s" if age >= STALE_SECONDS else ""


def restart_when_condemned(own_id: str, trouble: str) -> str:
    """Ask for a restart of this container once Docker has declared it unhealthy; say what came of it."""
    if not own_id:
        return "the container is not known yet"
    try:
        if b'"Health":{"Status":"unhealthy"' not in ask("GET", f"/containers/{own_id}/json"):
            return "waiting for Docker's verdict"
        leave_note(trouble)
        return refusal(ask("POST", f"/containers/{own_id}/restart?t=1"))
    except TimeoutError:  # the answer would come after our own end
        return "asked the engine for a restart"
    except OSError as error:
        return f"cannot reach the engine: {error}"


def leave_note(trouble: str) -> None:
    """Tell the next run why there is one."""
    try:
        with open(NOTE, "w") as file:  # noqa: PTH123
            file.write(trouble)
    except OSError:  # a full disk must not keep us from what matters
        pass


def refusal(answer: bytes) -> str:
    """Tell a refusal from an answer that came quickly."""
    status = answer.split(b"\r\n", 1)[0].decode(errors="replace")
    return "asked the engine for a restart" if " 2" in status else f"the engine refused a restart: {status}"


def ask(method: str, path: str) -> bytes:
    """Put one question to the engine, as HTTP/1.0 so that it hangs up when it is done."""
    import socket  # only here: a healthy healer never needs it

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ENGINE_SECONDS)
        connection.connect(SOCKET)
        connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


if __name__ == "__main__":
    sys.exit(main())
