"""Where the line lies between a machine that is idle and one that starves."""

from dataclasses import replace

import pytest

from checks.core.pressure import CPU_LINE, figures, in_words, starved
from checks.core.tests.sample_run import QUIET, STARVED


@pytest.mark.parametrize("more", [{"cpu": 0.9}, {"memory": 0.5}, {"io": 0.8}, {"steal": 0.5}, {"delay_s": 1.2}])
def test_any_of_them_starves(more: dict[str, float]) -> None:
    assert starved(replace(QUIET, **more))
    assert not starved(QUIET)


def test_the_own_quota_of_a_container_is_no_excuse() -> None:
    assert not starved(replace(QUIET, throttled=1.0))


def test_nothing_measured_excuses_nothing() -> None:
    unknown = replace(QUIET, cpu=None, memory=None, io=None, steal=None)
    assert not starved(unknown)
    assert not starved(None)


def test_without_stall_times_the_canary_tells() -> None:
    assert starved(replace(QUIET, cpu=None, memory=None, io=None, delay_s=2.0))


def test_the_line_itself_is_starved() -> None:
    assert starved(replace(QUIET, cpu=CPU_LINE))
    assert not starved(replace(QUIET, cpu=CPU_LINE - 0.001))


def test_the_reason_names_the_figures() -> None:
    assert in_words(STARVED) == "in those 7.0 s the machine kept runnable tasks waiting 82 % of the time"


def test_all_figures_are_told_in_a_line() -> None:
    told = figures(replace(QUIET, throttled=0.25))
    assert told == (
        "CPU 10 %, memory 0 %, IO 2 %, stolen 0 %, a thread of ours woken up to 0.01 s late, "
        "a container held back by its own quota 25 %"
    )
