"""`invoke up` against a plain `docker compose up --wait` of the same files, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from stack import PROJECT_NAME, SHIPPED
from stack.driver import helper

PAIRS = 7
INVOKE = (sys.executable, "-m", "invoke")
OURS = (*INVOKE, "up")
PLAIN = ("docker", "compose", "--project-directory", str(SHIPPED), "up", "--detach", "--wait")


def main() -> int:
    """Print each pair and the median ratio; 3 if the stack is up, which would be taken down."""
    if helper.is_known(PROJECT_NAME):
        print("error: the stack is up, and this takes it down\nhint: `invoke down` first", file=sys.stderr)
        return 3
    _run(OURS)  # not counted: images and secrets are there from here on
    _run((*INVOKE, "down"))
    ratios = []
    for number in range(1, PAIRS + 1):
        ours, plain = _timed(OURS), _timed(PLAIN)
        ratios.append(ours / plain)
        print(f"pair {number}: invoke up {ours:.2f} s, docker compose up --wait {plain:.2f} s, ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f} (lowest {min(ratios):.2f}, highest {max(ratios):.2f})")
    return 0


def _timed(command: tuple[str, ...]) -> float:
    """Seconds until the stack is up, which is then taken down again."""
    started = time.monotonic()
    _run(command)
    seconds = time.monotonic() - started
    _run((*INVOKE, "down"))
    return seconds


def _run(command: tuple[str, ...]) -> None:
    subprocess.run(command, cwd=SHIPPED.parent, stdin=subprocess.DEVNULL, capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
