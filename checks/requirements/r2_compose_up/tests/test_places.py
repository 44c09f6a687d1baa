"""What is wrong in a Compose file is told with its file and line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.core.verdict import Violation
from checks.requirements.r2_compose_up.judge.compose_up import configuration_violations, published_violations
from checks.requirements.r2_compose_up.observe import read_configuration, read_published
from checks.subject.profile import read
from checks.subject.stack import Files
from checks.subject.standing import standing
from checks.subject.tests.compose import needs_compose

COMPOSE = """\
services:
  api:
    image: shop:1
    ports: ["127.0.0.1:80:80"]
  redis:
    image: redis
"""
OVERRIDE = """\
services:
  redis:
    ports:
      - "6379:6379"
"""
LOOKS: dict[str, Callable[[Files], list[Violation]]] = {
    "images-carry-versions": lambda files: configuration_violations(read_configuration(files)),
    "published-on-loopback-only": lambda files: published_violations(read_published(files)),
    "redis-on-no-host-port": lambda files: published_violations(read_published(files)),
}


@needs_compose
@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("images-carry-versions", "compose.yaml:6"),
        ("published-on-loopback-only", "compose.override.yaml:3"),
        ("redis-on-no-host-port", "compose.override.yaml:3"),
    ],
)
def test_a_violation_of_a_compose_file_has_its_line(tmp_path: Path, rule: str, place: str) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "compose.override.yaml").write_text(OVERRIDE)
    with standing(read(tmp_path)) as files:
        found = {one.rule: str(one.place) for one in LOOKS[rule](files)}
    assert found[rule] == place, json.dumps(found)
