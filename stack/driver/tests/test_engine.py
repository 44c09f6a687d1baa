"""An engine is told apart by its versions, and where none can be had it is said in a sentence."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stack.driver import debian, engine, engine_install
from stack.driver.engine import Engine, numbers, refuse_unusable
from stack.driver.errors import EngineError

OLDEST = Engine(engine="25.0", compose="2.24.4", buildx="0.10")
NOWHERE = "unix:///nonexistent/docker.sock"


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("26.1.5+dfsg1", (26, 1, 5)),
        ("2.26.1-4", (2, 26, 1)),
        ("v2.26.1", (2, 26, 1)),
        ("github.com/docker/buildx v0.13.1 788433953af1", (0, 13, 1)),
        ("0.10", (0, 10)),
        ("dev", ()),
        ("", ()),
    ],
)
def test_the_first_dotted_number_is_the_version(version: str, found: tuple[int, ...]) -> None:
    assert numbers(version) == found


@pytest.mark.parametrize(
    "supported",
    [
        OLDEST,
        Engine(engine="25.0.0", compose="2.24.10", buildx="0.10.0"),
        Engine(engine="100.0.1", compose="v5.0.0", buildx="v0.13.1"),
    ],
)
def test_the_oldest_supported_and_newer_ones_are_used(supported: Engine) -> None:
    refuse_unusable(supported)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (replace(OLDEST, engine="24.0.9"), "Docker Engine 24.0.9 is too old: 25.0 or newer is needed"),
        (replace(OLDEST, engine="20.10.24+dfsg1"), "Docker Engine 20.10.24+dfsg1 is too old"),
        (replace(OLDEST, compose="2.24.3"), "Docker Compose 2.24.3 is too old: 2.24.4 or newer is needed"),
        (replace(OLDEST, compose="1.29.2"), "Docker Compose 1.29.2 is too old"),
        (replace(OLDEST, buildx="0.9.1"), "Docker Buildx 0.9.1 is too old: 0.10 or newer is needed"),
        (Engine(engine="1.0", compose="1.0", buildx="0.1"), "Docker Engine 1.0 is too old"),
    ],
)
def test_an_older_part_is_named_with_what_is_needed(found: Engine, sentence: str) -> None:
    with pytest.raises(EngineError) as refused:
        refuse_unusable(found)
    assert refused.value.sentence.startswith(sentence)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (replace(OLDEST, compose=""), "Docker Compose"),
        (replace(OLDEST, buildx=""), "Docker Buildx"),
        (replace(OLDEST, compose="", buildx=""), "Docker Compose"),
    ],
)
def test_a_part_that_is_missing_is_named_with_its_packages(found: Engine, name: str) -> None:
    with pytest.raises(EngineError) as refused:
        refuse_unusable(found)
    assert refused.value.sentence.startswith(f"{name} is missing")
    assert "docker-compose-plugin" in refused.value.hint


def test_a_named_engine_that_does_not_answer_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setattr(debian, "distribution", _always("debian"))
    monkeypatch.setattr(os, "geteuid", _always(0))
    assert engine.find() is None
    with pytest.raises(EngineError, match=f"DOCKER_HOST={NOWHERE}"):
        engine_install._refuse_unless_possible()


def test_without_a_docker_command_there_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.find() is None


@pytest.mark.parametrize(
    ("distribution", "user", "sentence"),
    [
        ("fedora", 0, "on fedora this does not install one"),
        ("Darwin", 501, "on Darwin this does not install one"),
        ("debian", 1000, "installing or starting one needs root"),
        ("ubuntu", 1000, "installing or starting one needs root"),
    ],
)
def test_what_is_not_ours_to_do_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, distribution: str, user: int, sentence: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(debian, "distribution", _always(distribution))
    monkeypatch.setattr(os, "geteuid", _always(user))
    with pytest.raises(EngineError, match=sentence) as refused:
        engine_install._refuse_unless_possible()
    assert refused.value.hint


def _always(value: object) -> Callable[[], object]:
    return lambda: value
