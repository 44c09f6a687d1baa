"""A health check that is wrong, or lacking, is told with its line."""

from pathlib import Path

import pytest

from checks.requirements.r7_healthchecks.judge import probe_violations
from checks.requirements.r7_healthchecks.observe import read_probes, require_all_seen
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError

COMPOSE = """\
services:
  api:
    healthcheck:
      interval: 2s
      test: exit 0
  redis:
    image: redis:8
"""


def test_a_violation_of_a_health_check_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    check = {"interval": "2s", "test": ["CMD-SHELL", "exit 0"]}
    config = {"services": {"api": {"healthcheck": check}, "redis": {"image": "redis:8"}}}
    files = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, config)
    found = {one.rule: str(one.place) for one in probe_violations(read_probes(files))}
    assert found == {"has-a-health-check": "compose.yaml:6", "check-can-fail": "compose.yaml:5"}


def test_one_that_an_image_may_bring_is_not_missed(tmp_path: Path) -> None:
    check = {"test": ["CMD", "probe", "http://127.0.0.1/"]}
    config = {"services": {"api": {"healthcheck": check}, "mail": {"image": "shop/mail:1"}}}
    files = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, config)
    seen = read_probes(files)
    assert probe_violations(seen) == []
    with pytest.raises(SubjectError, match="no file gives `mail` a health check, and the images from elsewhere may"):
        require_all_seen(seen)
    config["services"]["redis"] = {"image": "redis:8"}
    (missed,) = probe_violations(read_probes(files))
    assert missed.seen == "none: redis (the images of mail may have one)"
