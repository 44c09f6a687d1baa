"""What health checks and restart policies declare."""

import pytest

from stack.driver import healthcheck
from stack.driver.healthcheck import HealthCheck, RestartPolicy


@pytest.mark.parametrize(
    ("test", "path", "found"),
    [
        (("CMD", "/bin/promtool", "check"), "/bin", ("/bin/promtool",)),
        (("CMD", "probe", "it"), "/sbin:/bin", ("/sbin/probe", "/bin/probe")),
        (("CMD-SHELL", "probe || exit 1"), "/sbin", ("/bin/sh",)),
        ((), "/sbin", ()),
    ],
)
def test_the_program_of_a_health_check_is_looked_for_on_the_path(
    test: tuple[str, ...], path: str, found: tuple[str, ...]
) -> None:
    assert HealthCheck(test=test).program(path) == found


@pytest.mark.parametrize("inspected", [None, {}, {"Test": []}, {"Test": ["NONE"]}])
def test_where_there_is_no_health_check_nothing_is_declared(inspected: dict[str, list[str]] | None) -> None:
    check = healthcheck.read(inspected)
    assert (check.test, check.detection_bound, check.first_probe_bound, check.timeout) == ((), 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("settings", "found", "first"),
    [
        ({}, 180.0, 60.0),  # Docker's defaults: 30 s, 30 s, 3 retries
        ({"Interval": int(2e9), "Timeout": int(1e9), "Retries": 2}, 6.0, 3.0),
        (
            {"Interval": int(9e9), "Timeout": int(1e9), "Retries": 1, "StartPeriod": 1, "StartInterval": int(5e8)},
            10,
            1.5,
        ),
        ({"Interval": int(9e9), "Timeout": int(1e9), "Retries": 1, "StartPeriod": 1}, 10.0, 6.0),
        ({"Interval": int(9e9), "Timeout": int(1e9), "Retries": 1, "StartInterval": int(5e8)}, 10.0, 10.0),
    ],
)
def test_bounds_follow_from_the_settings(settings: dict[str, int], found: float, first: float) -> None:
    check = healthcheck.read({"Test": ["CMD", "true"], **settings})
    assert (check.detection_bound, check.first_probe_bound) == (found, first)


@pytest.mark.parametrize(("restarts", "after", "seconds"), [(0, 0, 0.1), (2, 0, 0.4), (2, 1, 0.8), (40, 3, 60.0)])
def test_a_restart_policy_doubles_its_delay(restarts: int, after: int, seconds: float) -> None:
    assert RestartPolicy(name="always", restarts=restarts).delay_bound(after=after) == pytest.approx(seconds)
