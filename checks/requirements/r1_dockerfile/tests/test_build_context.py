"""What an image is built from is found by the profile, else by the Compose file, and copied before it is touched."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.requirements.r1_dockerfile import build_context
from checks.subject.profile import Build, Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A copy of a project in the folder of a run, resolved by hand; the service stands beside the project."""
    for name in ("service/Dockerfile", "service/app.py", "service/.git/config", "project/compose.yaml", "run/copy/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("FROM debian:13\n" if name.endswith("Dockerfile") else "")
    subject = Subject(compose_file=tmp_path / "project" / "compose.yaml")
    return stack_of(subject, tmp_path, image="shop:1")


def stack_of(subject: Subject, folder: Path, **api: object) -> Stack:
    named = replace(subject, roles={Role.API: "web", Role.REDIS: "store", Role.PROMETHEUS: "eyes"})
    config = {"services": {"web": api, "store": {}, "eyes": {}}}
    return resolved(named, folder / "run" / "copy", config, name="checks-1-2")


def test_the_profile_is_seen_from_where_the_subject_stands(stack: Stack, tmp_path: Path) -> None:
    subject = Subject(compose_file=stack.subject.compose_file, build=Build(context="../service"))
    with build_context.copied(stack_of(subject, tmp_path, image="shop:1")) as found:
        assert found.folder.is_relative_to(tmp_path / "run")
        assert sorted(path.name for path in found.folder.iterdir()) == ["Dockerfile", "app.py"]
        assert found.dockerfile().bases == ("debian:13",)
    assert not found.folder.exists()


def test_else_the_compose_file_says(stack: Stack, tmp_path: Path) -> None:
    spec = {"context": str(tmp_path / "service"), "args": {"ONE": "1", "NONE": None}, "target": "final"}
    with build_context.copied(stack_of(stack.subject, tmp_path, build=spec)) as found:
        assert (found.build.dockerfile, found.build.target, found.arguments) == ("Dockerfile", "final", {"ONE": "1"})


def test_neither_is_told_in_a_sentence(stack: Stack) -> None:
    told = "what the image of service `web` is built from is not known"
    with pytest.raises(SubjectError, match=told) as refused, build_context.copied(stack):
        pass
    assert "[build]" in refused.value.hint


@pytest.mark.parametrize("dockerfile", ["Missing", "../project/Missing"])
def test_a_dockerfile_that_is_not_there_is_told(stack: Stack, tmp_path: Path, dockerfile: str) -> None:
    spec = {"context": str(tmp_path / "service"), "dockerfile": dockerfile}
    with (
        pytest.raises(SubjectError, match="lies in"),
        build_context.copied(stack_of(stack.subject, tmp_path, build=spec)),
    ):
        pass


def test_what_is_planted_lies_in_the_copy_alone(stack: Stack, tmp_path: Path) -> None:
    spec = {"context": str(tmp_path / "service")}
    with build_context.copied(stack_of(stack.subject, tmp_path, build=spec)) as found:
        planted = found.plant()
        assert set(planted) == set(build_context.PLANTED)
        assert all(text in (found.folder / name).read_bytes() for name, text in planted.items())
        assert len({*planted.values()}) == len(planted)
    assert (tmp_path / "service" / ".git" / "config").read_text() == ""
