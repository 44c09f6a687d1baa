"""What Swarm refuses and passes over is told, and nothing else is."""

from pathlib import Path

import pytest

from checks.core.registry import objections
from checks.requirements.r2_compose_up.observe_swarm import read_passed_over, read_stack_keys, read_waiting
from checks.subject.profile import Subject, read
from checks.subject.standing import standing
from checks.subject.tests.compose import needs_compose
from checks.subject.tests.resolved import resolved

API: dict[str, object] = {"image": "shop:1"}
WAITS = {"redis": {"condition": "service_started", "required": True}}


def ignored(spec: dict[str, object], folder: Path) -> tuple[str, ...]:
    stack = resolved(Subject(compose_file=folder / "compose.yaml"), folder, {"services": {"api": API | spec}})
    return read_passed_over(stack).ignored.get("api", ())


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        ({"restart": "unless-stopped", "expose": ["80"], "build": {"context": "."}}, ()),
        ({"container_name": "api", "links": ["redis", "redis:redis"], "depends_on": WAITS}, ()),
        ({"restart": "no", "deploy": {"restart_policy": {"condition": "none"}}}, ()),
        ({"restart": "no"}, ("restart",)),
        ({"restart": "on-failure:3"}, ("restart",)),
        ({"container_name": "shop"}, ("container_name",)),
        ({"links": ["redis:store"]}, ("links",)),
        ({"network_mode": "host", "privileged": True}, ("network_mode", "privileged")),
    ],
)
def test_what_is_passed_over_counts_where_it_means_something(
    spec: dict[str, object], keys: tuple[str, ...], tmp_path: Path
) -> None:
    assert ignored(spec, tmp_path) == keys


@pytest.mark.parametrize(
    ("deploy", "objected"),
    [
        ({}, set()),
        ({"restart_policy": {"condition": "on-failure"}}, set()),
        ({"restart_policy": {"condition": "none"}}, {"swarm-tries-again"}),
        ({"restart_policy": {"condition": "any", "max_attempts": 5}}, {"swarm-tries-again"}),
    ],
)
def test_who_waits_is_to_be_started_again(deploy: dict[str, object], objected: set[str], tmp_path: Path) -> None:
    services = {"api": API | {"depends_on": WAITS, "deploy": deploy}, "redis": {"image": "redis:8.0"}}
    stack = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, {"services": services})
    assert objections(read_waiting(stack)) == objected


STACK = """
services:
  api:
    image: shop:${VERSION}
    build: .
    depends_on: [redis]
    restart: always
    ports: ["127.0.0.1:80:80"]
    deploy: { replicas: 2, update_config: { order: start-first, failure_action: rollback } }
  redis: { image: redis:8.0, expose: ["6379"] }
"""


@needs_compose
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ({}, "")),
        ("image: shop:${VERSION}", "x-none: 1", ({"api": ("build",)}, "")),
        ("[redis]", "{ redis: { condition: service_healthy } }", ({"api": ("depends_on",)}, "")),
        ("[redis]", "{ redis: { condition: service_started } }", ({}, "services.api.depends_on must be a list")),
        ("restart: always", "mem_limit: 1g", ({"api": ("mem_limit",)}, "")),
        ('"127.0.0.1:80:80"', '{ target: 80, published: "80" }', ({}, "services.api.ports.0.published must be a")),
    ],
)
def test_what_is_refused_is_told(
    old: str, new: str, told: tuple[dict[str, tuple[str, ...]], str], tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(STACK.replace(old, new) if old else STACK)
    (tmp_path / ".env").write_text("VERSION=1.0\n")
    with standing(read(tmp_path)) as files:
        seen = read_stack_keys(files)
    assert seen.refused == told[0]
    assert seen.said.startswith(told[1])
    assert bool(seen.said) == bool(told[1])
    assert bool(objections(seen)) == any(told)
