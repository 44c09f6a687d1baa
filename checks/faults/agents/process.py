"""Runs in a helper container that sees the host: signals a process and waits for its state, or lists its children.

`signal PID NUMBER STATES SECONDS` prints the state seen in the end (a letter of proc(5), or `gone`) and when the signal
was sent, in seconds since the epoch. `children PID` prints their pids.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path


def send_signal(pid: int, number: int, wanted: str, within: float) -> str:
    """Signal it, and wait for one of the states that are wanted, as long as is allowed."""
    with suppress(ProcessLookupError):  # its state tells that
        os.kill(pid, number)
    at, deadline = time.time(), time.monotonic() + within
    while state(pid) not in wanted.split() and time.monotonic() < deadline:
        time.sleep(0.005)
    return f"{state(pid)} {at}"


def state(pid: int) -> str:
    """A letter of proc(5), or `gone`."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes between open and read
        return "gone"


def children(pid: int) -> str:
    """The pids of its children, separated by spaces."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def main() -> None:
    """Do what the command line says."""
    command, pid, *others = sys.argv[1:]
    if command == "signal":
        number, wanted, within = others
        print(send_signal(int(pid), int(number), wanted, float(within)))
    else:
        print(children(int(pid)))


if __name__ == "__main__":
    main()
