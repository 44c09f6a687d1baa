"""The healer's own health check, where probe.sh has doubts: is its heartbeat fresh?

A file of its own with next to no imports, because Docker may run it every few seconds.
"""

import sys
import time

HEARTBEAT = "/run/healer/heartbeat"
STALE_SECONDS = 3.0


def main() -> int:
    """Print why it is not well, if it is not."""
    if trouble := stale(heartbeat(), time.monotonic()):
        print(trouble)
    return 1 if trouble else 0


def heartbeat() -> float | None:
    """Read when the healer last moved."""
    try:
        with open(HEARTBEAT) as file:  # noqa: PTH123 - importing pathlib costs more than all of this
            return float(file.read())
    except (OSError, ValueError):
        return None


def stale(stamp: float | None, now: float) -> str:
    """Say what is wrong with a heartbeat, or nothing."""
    if stamp is None:
        return "no heartbeat yet"
    age = now - stamp
    return f"no heartbeat for {age:.1f} s" if age >= STALE_SECONDS else ""


if __name__ == "__main__":
    sys.exit(main())
