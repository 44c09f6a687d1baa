"""What stands in a Compose file is found by its line, in the file that says it last."""

from pathlib import Path

import pytest

from checks.core.place import Place
from checks.subject.lines import place_in, place_of

COMPOSE = """\
x-common: &common
  image: shop:1
services:
  api:
    <<: *common
    ports: ["80:80"]
    healthcheck:
      test: >
        curl
        -f http://127.0.0.1/
  redis: { image: "redis:8",
           command: [redis-server] }
"""
OVERRIDE = "services:\n  redis:\n    image: !override redis\n  api: *nowhere\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "compose.yaml").write_text(COMPOSE)
    return tmp_path / "deploy"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("services", "api", "ports"), 6),
        (("services", "api", "healthcheck", "test"), 8),
        (("services", "api", "image"), 4),  # merged in from elsewhere: the service is what can be told
        (("services", "redis", "command"), 12),
        (("services", "redis", "healthcheck"), 11),
    ],
)
def test_a_key_is_found_or_the_nearest_above(project: Path, keys: tuple[str, ...], line: int) -> None:
    assert place_of((project / "compose.yaml",), keys) == Place(file="deploy/compose.yaml", line=line)


def test_what_is_in_no_file_is_nowhere(project: Path) -> None:
    assert place_of((project / "compose.yaml", project / "gone.yaml"), ("services", "included", "image")) is None


def test_the_last_file_that_says_it_is_told(project: Path) -> None:
    more = project / "more.yaml"
    more.write_text(OVERRIDE.replace("  api: *nowhere\n", ""))
    files = (project / "compose.yaml", more)
    assert place_of(files, ("services", "redis", "image")) == Place(file="deploy/more.yaml", line=3)
    assert place_of(files, ("services", "redis", "command")) == Place(file="deploy/compose.yaml", line=12)


def test_a_file_that_is_no_yaml_has_no_lines(project: Path) -> None:
    (project / "more.yaml").write_text(OVERRIDE)  # an alias of nothing
    assert place_of((project / "more.yaml",), ("services", "redis", "image")) is None


def test_anchors_that_unfold_into_one_another_do_not(project: Path) -> None:
    lines = ["a0: &a0 { x: 1 }", *(f"a{n}: &a{n} {{ x: *a{n - 1}, y: *a{n - 1} }}" for n in range(1, 40))]
    (project / "bomb.yaml").write_text("\n".join(lines) + "\nservices: { api: { image: x } }\n")
    assert place_of((project / "bomb.yaml",), ("services", "api", "image")) == Place(file="deploy/bomb.yaml", line=41)


def test_a_file_in_no_repository_is_told_from_the_project(tmp_path: Path) -> None:
    assert str(place_in(tmp_path / "app" / "Dockerfile", tmp_path, 3)) == "app/Dockerfile:3"
    assert str(place_in(tmp_path / "compose.yaml", tmp_path)) == "compose.yaml"
