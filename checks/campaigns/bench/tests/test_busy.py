"""The table of runs beside hogs is read as the reports have it, and no hog stays."""

import argparse
import os
from collections import Counter
from pathlib import Path

import pytest

from checks.campaigns.bench import busy
from checks.campaigns.bench.busy import Ran, cpu_hogs, read, table
from stack.driver import wait

REPORT = {
    "run": {"pressure": {"cpu": 0.978, "io": 0.04}},
    "requirements": [
        {"checks": [{"verdict": "proven", "first_try": None}, {"verdict": "proven", "first_try": "late"}]},
        {"checks": [{"verdict": "undecided", "first_try": "late"}]},
    ],
}


def test_a_run_is_counted_from_its_report() -> None:
    seen = read("2 CPU hogs a core", 400.4, REPORT)
    assert (seen.verdicts, seen.second_tries) == (Counter(proven=2, undecided=1), 2)


def test_a_row_says_what_was_counted() -> None:
    ran = Ran(beside="nothing", seconds=190.2, verdicts=Counter(proven=71), second_tries=0, pressure="53% CPU, 3% IO")
    assert "| nothing | 71 | 0 | 0 | 0 | 53% CPU, 3% IO | 190 |" in table(iter([ran])).splitlines()


@pytest.mark.parametrize("text", ["21", "-1", "1,99"])
def test_there_is_a_bound_to_the_hogs(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        busy._times(text)


@pytest.mark.parametrize(("apart", "sessions"), [(False, 1), (True, 3)])
def test_hogs_are_one_job_or_several_and_end(apart: bool, sessions: int) -> None:
    with cpu_hogs(3, apart=apart):
        mine = wait.until(_hogs, lambda found: len(found) == 3, within=30).value
        assert len({os.getsid(pid) for pid in mine}) == sessions
    gone = wait.until(lambda: [pid for pid in mine if _runs(pid)], lambda left: not left, within=30)
    assert gone.reached


def _hogs() -> list[int]:
    """Every process that runs the hogs' script."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if busy.CPU_HOGS.encode() in (folder / "cmdline").read_bytes() and _is_of_ours(int(folder.name)):
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
    return found


def _is_of_ours(pid: int) -> bool:
    """Whether it descends from this process."""
    while pid > 1 and pid != os.getpid():
        pid = int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return pid == os.getpid()


def _runs(pid: int) -> bool:
    """Whether it is there, and is none of those that ended and that nobody has asked about."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
