"""A profile to begin with says what was found, can be read, and never replaces one that is there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from checks.subject.compose_files import PROFILE_NAME
from checks.subject.new_profile import text_of, write
from checks.subject.profile import Routes, Subject, read
from checks.subject.profile_model import PROFILE, Profile
from checks.subject.role_tables import Role
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError

WEB = {"image": "shop", "ports": [{"target": 8000}]}
CACHE = {"image": "redis:8"}


def written(directory: Path, **services: dict[str, Any]) -> str:
    (directory / "compose.yaml").write_text("services: {}\n")
    subject = Subject(compose_file=directory / "compose.yaml")
    return text_of(resolved(subject, directory, {"services": services}), directory / PROFILE_NAME)


def read_back(directory: Path, text: str) -> Subject:
    (directory / PROFILE_NAME).write_text(text)
    return read(directory)


def test_what_was_found_is_said_with_its_reason(tmp_path: Path) -> None:
    text = written(tmp_path, web=WEB, cache=CACHE)
    found = read_back(tmp_path, text)
    assert found.roles == {Role.API: "web", Role.REDIS: "cache"}
    assert found.routes == Routes(port=8000)
    assert 'redis = "cache"            # its image is redis:8' in text
    assert "# prometheus = false" in text


def test_the_route_that_is_scraped_is_proposed(tmp_path: Path) -> None:
    subject = Subject(compose_file=tmp_path / "compose.yaml")
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    files = resolved(subject, tmp_path, {"services": {"web": WEB}})
    text = text_of(files, tmp_path / PROFILE_NAME, "/metrics")
    assert read_back(tmp_path, text).routes == Routes(port=8000, metrics="/metrics")
    assert read_back(tmp_path, text_of(files, tmp_path / PROFILE_NAME)).routes == Routes(port=8000)


def test_what_is_not_clear_is_left_to_be_chosen(tmp_path: Path) -> None:
    text = written(tmp_path, web=WEB, shop=WEB)
    assert read_back(tmp_path, text).roles == {}
    assert re.search(r'# which service is the api\? One of:\n# api = "web" .*\n# api = "shop" ', text)


def test_every_line_behind_a_hash_is_one_that_may_be_said(tmp_path: Path) -> None:
    text = written(tmp_path, web=WEB, cache=CACHE)
    said = re.sub(r"^# ?(?=\[|(?:[\w.]+ = ))", "", text, flags=re.MULTILINE)
    found = PROFILE.validate_python(tomllib.loads(said))
    assert isinstance(found, Profile)
    assert getattr(found.roles, Role.PROMETHEUS) is False
    assert (found.routes, found.start.seconds) == (Routes(port=8000, metrics="/metrics"), 120.0)
    assert set(found.waivers) == {"images-carry-versions"}
    assert set(found.credentials) == {"auditor"}


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / PROFILE_NAME).write_text("# mine\n")
    with pytest.raises(SubjectError, match="is there, and stays as it is"):
        write(tmp_path, lambda _: "")
    assert (tmp_path / PROFILE_NAME).read_text() == "# mine\n"
