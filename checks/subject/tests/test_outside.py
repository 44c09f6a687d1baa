"""What a copy takes from outside of its folder, it takes where the original does."""

from pathlib import Path

import pytest

from checks.subject.outside import lead_to_the_original
from checks.subject.tests.compose import needs_compose
from stack.driver.project import ComposeProject

FILE = """
services:
  api:
    build: { context: .., additional_contexts: { shared: ../shared } }
    volumes: ["../conf:/conf:ro", "../data:/data", "./own:/own:ro", "/etc/hostname:/name:ro"]
    secrets: [token]
  inside: { build: ./app }
secrets: { token: { file: ../token } }
"""


@pytest.fixture
def original(tmp_path: Path) -> ComposeProject:
    (tmp_path / "project" / "compose").mkdir(parents=True)
    (tmp_path / "project" / "compose" / "compose.yaml").write_text(FILE)
    return ComposeProject(tmp_path / "project" / "compose", "compose.yaml", "original")


@pytest.fixture
def copy(tmp_path: Path) -> ComposeProject:
    (tmp_path / "run" / "copy").mkdir(parents=True)
    (tmp_path / "run" / "copy" / "compose.yaml").write_text(FILE)
    return ComposeProject(tmp_path / "run" / "copy", "compose.yaml", "copy")


@needs_compose
def test_a_copy_builds_and_reads_where_the_original_does(original: ComposeProject, copy: ComposeProject) -> None:
    lead_to_the_original(copy, original)
    api, above, run = copy.config["services"]["api"], original.directory.parent, copy.directory.parent
    assert api["build"]["context"] == str(above)
    assert api["build"]["additional_contexts"] == {"shared": str(above / "shared")}
    assert {one["target"]: one["source"] for one in api["volumes"]} == {
        "/conf": str(above / "conf"),
        "/data": str(run / "data"),  # which a service could write to: refused, and not led to the original
        "/own": str(copy.directory / "own"),
        "/name": "/etc/hostname",
    }
    assert copy.config["secrets"]["token"]["file"] == str(above / "token")


@needs_compose
def test_a_build_inside_is_of_the_copy(original: ComposeProject, copy: ComposeProject) -> None:
    lead_to_the_original(copy, original)
    assert copy.config["services"]["inside"]["build"]["context"] == str(copy.directory / "app")


@needs_compose
def test_what_takes_nothing_from_outside_is_left_as_it_is(original: ComposeProject, copy: ComposeProject) -> None:
    (copy.directory / "compose.yaml").write_text("services: { api: { build: . } }\n")
    lead_to_the_original(copy, original)
    assert copy.overrides == ()
