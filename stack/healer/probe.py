"""The healer's own health check, where probe.sh has doubts: is its heartbeat fresh?

A file of its own with next to no imports, because Docker may run it every few seconds. The healer heals everybody else;
for a healer that stands still a child of the probe waits for Docker's verdict, and then asks the engine for a restart.
"""

import os
import sys
import time

HEARTBEAT = "/run/healer/heartbeat"
SOCKET = "/var/run/docker.sock"
NOTE = "/var/lib/healer/asked"  # for the next run of the healer, which counts this restart as well
STALE_SECONDS = 3.0
ENGINE_SECONDS = 0.5
LOOKS = 10  # for the verdict, which comes when this probe has ended: over before the next one
LOOK_SECONDS = 0.1


def main() -> int:
    """Print why it is not well, if it is not."""
    stamp, own_id = heartbeat()
    if not (trouble := stale(stamp, time.monotonic())):
        return 0
    print(trouble, flush=True)
    if own_id and os.fork() == 0:
        leave()
        restart_when_condemned(own_id, trouble)
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


def leave() -> None:
    """Let go of the output, or Docker takes the probe for one that goes on."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def restart_when_condemned(own_id: str, trouble: str) -> bool:
    """Ask for a restart of this container once Docker has declared it unhealthy; false if that does not happen."""
    for _ in range(LOOKS):
        try:
            if b'"Health":{"Status":"unhealthy"' in ask("GET", f"/containers/{own_id}/json"):
                leave_note(trouble)
                # No time to stop: whoever stands still has no use for it.
                return b" 204 " in ask("POST", f"/containers/{own_id}/restart?t=0").split(b"\r\n", 1)[0]
        except OSError:  # the next probe tries again
            return False
        time.sleep(LOOK_SECONDS)
    return False


def leave_note(trouble: str) -> None:
    """Tell the next run why there is one."""
    try:
        with open(NOTE, "w") as file:  # noqa: PTH123
            file.write(trouble)
    except OSError:  # a full disk must not keep us from what matters
        pass


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
