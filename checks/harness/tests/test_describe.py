"""What a run would look at is told before it starts, and nothing that the checks lack is passed over."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.core import catalog
from checks.harness import describe
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.profile import read
from checks.subject.role_tables import Role, every_role
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject
from stack import SHIPPED

WEB = {"build": {"context": "/nowhere"}, "ports": [{"target": 8000}], "networks": {"default": None}}
PROBED = {"healthcheck": {"test": ["CMD", "true"], "interval": "5s", "timeout": "1s", "retries": 2}}
CACHE = {"image": "valkey/valkey:8", **PROBED}
EYES = {"image": "prom/prometheus:v2.53.3"}


def files(directory: Path, told: str = "", **services: dict[str, Any]) -> Files:
    (directory / "compose.yaml").write_text("services: {}\n")
    if told:
        (directory / PROFILE_NAME).write_text(told)
    project = ResolvedProject(directory, "declared", {"services": services})
    return Files(subject=read(directory), project=project)


def test_roles_are_told_with_their_reasons(tmp_path: Path) -> None:
    told = describe.text_of(files(tmp_path, web=WEB, cache=CACHE, eyes=EYES, graphs={"image": "grafana/grafana:11"}))
    for line in (
        "profile: none; `invoke init --stack DIR` writes compliance.toml",
        "  api         web             it publishes 8000; it is built here",
        "  redis       cache           its image is valkey/valkey:8",
        "  prometheus  eyes            its image is prom/prometheus:v2.53.3",
        "answers HTTP on 8000",
        "  beside      graphs (dashboard)",
        "cache 12 s",
        "  no health check in the Compose file: web, eyes, graphs",
        "  a start: at most 120 s, as health checks declare, or 120 s",
    ):
        assert line in told


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        (
            "",
            [
                "  R6  violated: no service runs",
                "  R4  looks into Redis without a login, as its files let anybody: compliance.toml has no ",
                "  R4  undecided where it logs in as app, health: compliance.toml has no [credentials.app], ",
            ],
        ),
        ("[roles]\nprometheus = false\nreasons.prometheus = 'far away'", ["  R6  not applicable: far away"]),
        (
            "[roles]\nredis = false\nreasons.redis = 'none'",
            [f"  {one}  not applicable: none" for one in ("R3", "R4", "R5")],
        ),
        ("[start]\nseconds = 300", ["  a start: at most 300 s, says compliance.toml"]),
        (
            "[waivers.pinned-base]\nreason = 'soon'\nuntil = 2027-01-31",
            ["`pinned-base` is waived until 2027-01-31: soon"],
        ),
    ],
)
def test_what_will_not_be_judged_is_told(tmp_path: Path, told: str, lines: list[str]) -> None:
    text = describe.text_of(files(tmp_path, told, web=WEB, cache=CACHE))
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    ("command", "environment", "lines"),
    [
        ("valkey-server", {}, ["R3  looks into Redis without a login, as its files let anybody: "]),
        (
            "valkey-server --requirepass hidden",
            {"CACHE_URL": "redis://:hidden@cache"},
            [
                "R3  looks into Redis with the app's own login (CACHE_URL of web), as far as that reaches: ",
                "R5  undecided where it logs in as app: ",
            ],
        ),
        (
            "valkey-server --requirepass hidden",
            {},
            ["R3  undecided where it logs in as auditor: ", "as app, auditor: "],
        ),
        (
            "valkey-server --port 0 --tls-port 6380",
            {},
            ["R3  looks into Redis without a login, as its files let anybody: "],
        ),
        (
            "valkey-server --port 0 --unixsocket /run/r.sock",
            {},
            ["R5  undecided where it logs in as app: "],
        ),
    ],
)
def test_how_far_redis_is_looked_into_is_told(
    tmp_path: Path, command: str, environment: dict[str, str], lines: list[str]
) -> None:
    told = files(tmp_path, web={**WEB, "environment": environment}, cache={**CACHE, "command": command.split()})
    text = describe.text_of(told)
    assert [line for line in lines if line not in text] == []
    assert "hidden" not in text


def test_what_is_not_clear_is_asked_with_the_line_for_it(tmp_path: Path) -> None:
    told = describe.text_of(files(tmp_path, web=WEB, shop=WEB))
    assert 'say [roles] api = "web" or [roles] api = "shop"' in told
    assert "  R8  undecided where it needs the api: which service is it?" in told


def test_what_would_be_refused_is_told(tmp_path: Path) -> None:
    mounted = {"volumes": [{"type": "bind", "source": "/srv/data", "target": "/data"}]}
    told = describe.text_of(files(tmp_path, web=WEB, cache=CACHE | mounted))
    assert "  service `cache` mounts /srv/data, which a fresh copy of the stack would write to as well" in told


def test_the_checks_are_counted_by_tier(tmp_path: Path) -> None:
    told = describe.text_of(files(tmp_path, web=WEB)).splitlines()
    for requirement in catalog.read().requirements:
        (line,) = [one for one in told if one.startswith(f"  {requirement.id}  ") and requirement.title in one]
        numbers = [0 if word == "-" else int(word) for word in line.split()[-4:]]
        assert sum(numbers) == len(describe.checks_of(requirement)) > 0


def test_every_role_that_a_requirement_needs_is_one() -> None:
    needed = {need for requirement in catalog.read().requirements for need in requirement.needs}
    assert {Role.API, Role.REDIS, Role.PROMETHEUS} <= needed <= {*every_role()}
    logins = {login for requirement in catalog.read().requirements for login in requirement.logins}
    assert logins == set(read(SHIPPED).credentials)


def test_rules_of_another_runner_are_told_of(tmp_path: Path) -> None:
    found = files(tmp_path, web=WEB)
    told = "  not applicable: 3 of R2, 1 of R3, 2 of R9, which have a meaning with `--runner swarm` alone"
    assert told in describe.text_of(found)
    on_swarm = describe.text_of(replace(found, subject=replace(found.subject, runner="swarm")))
    assert "which have a meaning with `--runner compose` alone" in on_swarm
    assert "  only the stack that ships can be run on Swarm" in on_swarm
