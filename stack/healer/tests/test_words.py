"""What the healer reads and says, without an engine."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.healer import event_log
from stack.healer.container import Container, Probe, needed_services, read, window
from stack.healer.identity import from_mounts
from stack.healer.settings import Settings, SettingsError, from_environment
from stack.healer.state import Treatment

SECOND = 10**9
INSPECTED: dict[str, Any] = {
    "Id": "c" * 64,
    "Config": {
        "Env": ["PASSWORD=hunter2"],
        "Labels": {
            "com.docker.compose.project": "shop",
            "com.docker.compose.service": "api",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.depends_on": "redis:service_healthy:false,setup:service_completed_successfully:false",
        },
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 2 * SECOND, "Timeout": SECOND, "Retries": 2},
    },
    "State": {
        "Status": "running",
        "StartedAt": "2026-11-23T20:00:00.123456789Z",
        "Health": {
            "Status": "unhealthy",
            "Log": [
                {
                    "Start": "2026-11-23T21:00:01.5+01:00",
                    "End": "2026-11-23T20:00:02Z",
                    "ExitCode": 0,
                    "Output": "",
                },
                {
                    "Start": "2026-11-23T20:00:04Z",
                    "End": "2026-11-23T20:00:05Z",
                    "ExitCode": 1,
                    "Output": "no\n\troute",
                },
                {
                    "Start": "2026-11-23T20:00:07Z",
                    "End": "2026-11-23T20:00:08Z",
                    "ExitCode": -1,
                    "Output": "x" * 999,
                },
            ],
        },
    },
}


def test_inspect_is_read_in_our_words() -> None:
    seen = read(INSPECTED)
    assert (seen.project, seen.service, seen.depends_on, seen.oneoff) == ("shop", "api", ("redis",), False)
    assert (seen.status, seen.health, seen.window, seen.detect_seconds) == ("running", "unhealthy", 7, 4)
    assert [one.passed for one in seen.probes] == [True, False, False]
    assert seen.failures[0].output == "no route"
    assert len(seen.failures[1].output) == 200


def test_a_container_without_labels_or_health_check_is_read_too() -> None:
    bare = {
        "Id": "d",
        "Config": {"Labels": None},
        "State": {"Status": "running", "StartedAt": "", "Health": None},
    }
    assert read(bare) == Container(id="d", project="", service="")


@pytest.mark.parametrize(
    ("label", "services"),
    [
        ("", ()),
        ("redis", ("redis",)),
        ("redis:service_healthy:false,db:service_started:true", ("redis", "db")),
        ("setup:service_completed_successfully:false", ()),
    ],
)
def test_only_services_that_have_to_stay_up_count(label: str, services: tuple[str, ...]) -> None:
    assert needed_services(label) == services


@pytest.mark.parametrize(
    ("healthcheck", "seconds"),
    [
        ({}, 0),
        ({"Test": ["NONE"]}, 0),
        ({"Test": ["CMD", "true"]}, 210),  # the engine's defaults: 30 s, 30 s, 3 retries
        ({"Test": ["CMD", "true"], "Interval": SECOND, "Timeout": SECOND, "Retries": 1}, 3),
    ],
)
def test_the_window_covers_the_slowest_verdict(healthcheck: dict[str, Any], seconds: float) -> None:
    assert window(healthcheck) == pytest.approx(seconds)


def test_how_long_a_verdict_took_is_not_guessed_from_a_full_log() -> None:
    failures = tuple(Probe(start=at, end=at + 0.5, passed=False) for at in range(5))
    assert Container(id="", project="", service="", retries=2, probes=failures).detect_seconds is None


def test_a_line_is_one_line_whatever_it_quotes() -> None:
    hostile = Container(id="e" * 64, project="shop", service='a"\n{"action": "b"}')
    said = event_log.line("waiting", hostile, datetime(2026, 1, 2, tzinfo=UTC), {"reason": "\u2028", "probe": None})
    assert said.isascii()
    assert "\n" not in said
    assert list(json.loads(said)) == ["time", "action", "service", "container", "reason"]


def test_no_environment_is_ever_said() -> None:
    patient = read(INSPECTED)
    treatment = Treatment(reason="unhealthy", fault=patient.fault, began_at=0)
    assert "hunter2" not in event_log.line("restarting", patient, datetime.now(UTC), event_log.course(treatment))


def test_a_restart_is_told_from_its_cause_to_its_end() -> None:
    treatment = Treatment(
        reason="unhealthy", fault="no route", detected_at=7.5, detect_seconds=4, began_at=8, restarted_at=9.25
    )
    assert event_log.course(treatment, healthy_at=9.75) == {
        "reason": "unhealthy",
        "fault": "no route",
        "detected_at": "1970-01-01T00:00:07.500+00:00",
        "restarted_at": "1970-01-01T00:00:09.250+00:00",
        "healthy_at": "1970-01-01T00:00:09.750+00:00",
        "detect_seconds": 4,
        "restart_seconds": 1.25,
        "recover_seconds": 0.5,
    }


def test_settings_have_defaults_that_may_be_overridden() -> None:
    assert from_environment({"HEALER_STOP_SECONDS": ""}) == Settings()
    assert from_environment({"HEALER_STOP_SECONDS": "3", "HEALER_UNKNOWN": "x"}) == Settings(stop_seconds=3)
    told = {"HEALER_ONLY": "healer,healer-filter", "HEALER_WITHOUT": "watchdog"}
    assert [from_environment(told).tends(name) for name in ("healer", "watchdog", "api")] == [True, False, False]
    assert [Settings(without=("a",)).tends(name) for name in ("a", "b")] == [False, True]
    assert from_environment(told) == Settings(only=("healer", "healer-filter"), without=("watchdog",))


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf"])
def test_a_setting_that_makes_no_sense_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match=f"HEALER_PATIENCE_SECONDS is '{text}', and must be"):
        from_environment({"HEALER_PATIENCE_SECONDS": text})


def test_the_own_container_is_found_among_the_mounts() -> None:
    mounts = (
        f"90 72 254:0 /somewhere/containers/{'0f' * 32}/hostname /etc/hostname rw - ext4 /dev/vda rw\n"
        f"91 72 254:0 /somewhere/containers/{'1e' * 32}/hostname /mnt/hostname rw - ext4 /dev/vda rw\n"
    )
    assert from_mounts(mounts) == "0f" * 32
    assert from_mounts("22 1 254:0 / / rw - ext4 /dev/vda rw\n") == ""
