"""A probe that said something bad is told from one that was only late, and that from one that a machine made late."""

from dataclasses import replace
from typing import Any

import pytest

from stack.healer import main_process
from stack.healer.container import Container, Probe, read
from stack.healer.lateness import STARTING_SECONDS, STARVED_SHARE, Lateness, lateness
from stack.healer.tests.fake_engine import container

LATE = Probe(start=10, end=11.5, passed=False, late=True)
BAD = replace(LATE, late=False)
API = Container(id="a", project="shop", service="api", health="unhealthy", retries=2)


def probed(*probes: Probe, retries: int = 2) -> Container:
    return replace(API, probes=probes, retries=retries)


def entry(code: int, output: str) -> dict[str, Any]:
    return {"Start": "2026-01-01T00:00:00Z", "End": "2026-01-01T00:00:01.5Z", "ExitCode": code, "Output": output}


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (-1, "Health check exceeded timeout"),
        (-1, "Health check exceeded timeout (1.5s)"),
        (-1, "Health check exceeded timeout (1.5s): HTTP/1.1 200 OK"),
        (1, "no answer on 127.0.0.1:5000 within 1 s: timed out\n"),
        (1, "timed out: no heartbeat for 3 s\n"),
        (1, "timed out\n"),
        (1, "Get http://127.0.0.1:9090/-/healthy: context deadline exceeded"),
        (28, "curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received"),
        (1, "wget: download timed out"),
        (124, ""),
        (1, 'HTTP/1.1 503 Service Unavailable {"status":"failure"} proxy-status: redis; error=connection_read_timeout'),
    ],
)
def test_who_ran_out_of_time_said_nothing_bad(code: int, output: str) -> None:
    assert logged(code, output).late


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (0, "timed out once, and answered then"),
        (1, "no answer on 127.0.0.1:5000 within 1 s: [Errno 111] Connection refused"),
        (1, 'HTTP/1.1 503 Service Unavailable {"status":"failure"}'),
        (1, "no heartbeat yet"),
        (1, ""),
        (137, ""),
        (-1, "OCI runtime exec failed: exec failed: unable to start container process: fork: resource unavailable"),
        (-1, "cannot exec in a paused container"),
    ],
)
def test_who_said_something_bad_was_not_only_late(code: int, output: str) -> None:
    assert not logged(code, output).late


def logged(code: int, output: str) -> Probe:
    told = container("api")
    told["State"]["Health"]["Log"] = [entry(code, output)]
    return read(told).probes[0]


def test_who_was_late_while_the_machine_starved_is_excused() -> None:
    passed = Probe(start=8, end=8.1, passed=True)
    assert lateness(probed(passed, LATE, LATE), lambda *_: 0.95) == Lateness(late=2, failed=2, share=0.95)


@pytest.mark.parametrize("share", [None, 0.0, STARVED_SHARE - 0.01])
def test_who_was_late_on_a_machine_that_did_not_starve_is_not(share: float | None) -> None:
    assert lateness(probed(LATE, LATE), lambda *_: share) is None


def test_who_has_just_started_there_may_not_listen_yet() -> None:
    young, old = Container(id="a", project="shop", service="api", retries=2, started_at="1970-01-01T00:00:05Z"), API
    assert lateness(replace(young, probes=(BAD, BAD)), lambda *_: 1.0) == Lateness(late=2, failed=2, share=1.0)
    assert lateness(replace(young, probes=(BAD, BAD)), lambda *_: 0.5) is None
    later = replace(BAD, start=BAD.start + STARTING_SECONDS, end=BAD.end + STARTING_SECONDS)
    assert lateness(replace(young, probes=(later, later)), lambda *_: 1.0) is None
    passed = Probe(start=8, end=8.1, passed=True)
    assert lateness(replace(young, probes=(passed, BAD, BAD)), lambda *_: 1.0) is None
    assert lateness(replace(old, probes=(BAD, BAD)), lambda *_: 1.0) is None


def test_each_probe_is_judged_by_its_own_time() -> None:
    later = replace(LATE, start=20, end=21.5)
    starved_until_15 = lambda start, _: 1.0 if start < 15 else 0.0  # noqa: E731
    assert lateness(probed(LATE, LATE, later), starved_until_15) == Lateness(late=2, failed=3, share=1.0)
    assert lateness(probed(LATE, LATE, later, later), starved_until_15) is None


@pytest.mark.parametrize(
    ("probes", "excused"), [((BAD, BAD), False), ((LATE, BAD), True), ((BAD, LATE, BAD), False), ((), False)]
)
def test_as_many_that_count_as_docker_asks_for_are_a_verdict(probes: tuple[Probe, ...], *, excused: bool) -> None:
    assert (lateness(probed(*probes), lambda *_: 1.0) is not None) is excused


def test_more_retries_than_remembered_probes_are_no_excuse() -> None:
    assert lateness(probed(*[BAD] * 5, retries=10), lambda *_: 1.0) is None


@pytest.mark.parametrize(
    ("stat", "waits_in", "state"),
    [
        ("Tsl", "do_signal_stop", "stopped"),
        ("t", "ptrace_stop", "stopped"),
        ("Ds", "__refrigerator", "frozen"),
        ("Ssl", "do_freezer_trap", "frozen"),
        ("Ssl", "do_epoll_wait", "asleep"),
        ("R", "-", "ready to run"),
        ("D", "folio_wait_bit", "waiting for a device"),
        ("?", "-", ""),
    ],
)
def test_the_main_process_is_looked_at_and_no_other(stat: str, waits_in: str, state: str) -> None:
    told = {"Processes": [["71", "T", "do_signal_stop"], ["7", stat, waits_in]]}
    assert main_process.state(told, 7) == state


@pytest.mark.parametrize("told", [{}, {"Processes": None}, {"Processes": [["8", "T", "-"], ["7"]]}])
def test_of_a_process_that_is_not_listed_nothing_is_said(told: dict[str, Any]) -> None:
    assert main_process.state(told, 7) == ""
