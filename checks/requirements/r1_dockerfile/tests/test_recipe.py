"""Where the Dockerfile of an image lies: in its context, beside it, or in the Compose file itself."""

import json
import shutil
from pathlib import Path

import pytest

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.requirements.r1_dockerfile import build_context
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError

CASES = Path(__file__).with_name("recipes")


def stack_of(case: Case, parent: Path) -> Stack:
    directory = parent / "project"
    shutil.copytree(case["folder"], directory)
    for name, target in case.get("links", {}).items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).symlink_to(target)
    config = json.loads(text_of(case, "config.json").replace("@DIR@", str(directory)))
    subject = Subject(compose_file=directory / "compose.yaml", roles={Role.API: case["service"]})
    return resolved(subject, directory, config)


@parametrized(CASES, "recipe")
def test_the_dockerfile_of_an_image_is_read(case: Case, tmp_path: Path) -> None:
    stack = stack_of(case, tmp_path)
    if case["right"] == "refused":
        with pytest.raises(SubjectError), build_context.copied(stack):
            pass
        return
    with build_context.copied(stack) as sources:
        assert ("readable" if sources.dockerfile().stages else "empty") in accepted(case)
        assert sources.dockerfile_path.is_file()
        copied = sources.text
    (in_place,) = build_context.in_place(stack)
    assert in_place.text == copied


def test_a_dockerfile_beside_the_context_keeps_its_ignore_file(tmp_path: Path) -> None:
    for name in ("app/app.py", "docker/api.Dockerfile", "docker/api.Dockerfile.dockerignore"):
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text("FROM scratch\n")
    build = {"context": str(tmp_path / "project" / "app"), "dockerfile": "../docker/api.Dockerfile"}
    subject = Subject(compose_file=tmp_path / "project" / "compose.yaml", roles={Role.API: "api"})
    stack = resolved(subject, tmp_path / "project", {"services": {"api": {"build": build}}})
    with build_context.copied(stack) as sources:
        assert sources.dockerfile_path.with_name("Dockerfile.dockerignore").read_text() == "FROM scratch\n"
        assert not sources.dockerfile_path.is_relative_to(sources.folder)
