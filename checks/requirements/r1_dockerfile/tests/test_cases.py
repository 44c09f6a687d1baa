"""Realistic inputs of R1, each with its right answer: Dockerfiles, image names, lock files, and what images hold."""

from pathlib import Path

import pytest

from checks.core.image_reference import is_pinned
from checks.core.tests.cases import Case, accepted, parametrized, read, text_of
from checks.requirements.r1_dockerfile import lockfiles
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.image_secrets import secrets_in
from checks.requirements.r1_dockerfile.judge import written_violations
from checks.requirements.r1_dockerfile.leftovers import kind_of
from checks.requirements.r1_dockerfile.observe import read_dockerfile
from checks.requirements.r1_dockerfile.shell_form import is_shell_form, start_of
from checks.subject import dockerfile
from checks.subject.dockerfile import Dockerfile
from checks.subject.profile import Build, Subject
from checks.subject.tests.resolved import resolved

CASES = Path(__file__).with_name("cases")


def joined(words: object) -> str:
    assert isinstance(words, (tuple, list, set, frozenset))
    return ", ".join(sorted({*map(str, words)}))


def whole(case: Case) -> Dockerfile:
    return dockerfile.read(text_of(case, case.get("dockerfile", "Dockerfile")), case.get("build_args", {}))


@parametrized(CASES, "bases")
def test_the_images_that_a_dockerfile_needs(case: Case) -> None:
    assert joined(whole(case).bases) in accepted(case)


@parametrized(CASES, "stages")
def test_how_many_stages_a_dockerfile_has(case: Case) -> None:
    assert str(len(whole(case).stages)) in accepted(case)


@parametrized(CASES, "final-takes-from")
def test_what_the_final_stage_takes_from(case: Case) -> None:
    assert (joined(whole(case).taken_from(whole(case).final(case.get("target", "")))) or "none") in accepted(case)


@parametrized(CASES, "instructions")
def test_the_instructions_of_the_final_stage(case: Case) -> None:
    final = whole(case).final(case.get("target", ""))
    assert " ".join(word for word, _ in final.instructions) in accepted(case)


@parametrized(CASES, "written")
def test_the_verdict_on_a_dockerfile(case: Case) -> None:
    build = Build(context=".", dockerfile=case.get("dockerfile", "Dockerfile"), target=case.get("target", ""))
    stack = resolved(Subject(compose_file=case["folder"] / "compose.yaml"), case["folder"], {"services": {}})
    sources = Sources(folder=case["folder"], build=build, arguments=case.get("build_args", {}), stack=stack)
    broken = {violation.rule for violation in written_violations(read_dockerfile(sources))}
    assert (joined(broken) or "ok") in accepted(case)


@parametrized(CASES, "image-r1")
def test_whether_an_image_is_named_with_its_version(case: Case) -> None:
    assert ("pinned" if is_pinned(case["input"]) else "not pinned") in accepted(case)


@parametrized(CASES, "lock-pins")
def test_what_a_lock_file_pins(case: Case) -> None:
    text = case["text"] if "text" in case else lockfiles.text_of(case["folder"] / case["file"])
    assert (joined(lockfiles.pinned(text)) or "none") in accepted(case)


@parametrized(CASES, "folder-pins")
def test_what_the_lock_files_of_a_folder_pin(case: Case) -> None:
    pins = {pin for path in lockfiles.files(case["folder"]) for pin in lockfiles.pinned(lockfiles.text_of(path))}
    assert (joined(pins) or "none") in accepted(case)


@parametrized(CASES, "shell-form")
def test_whether_a_shell_is_told_what_to_run(case: Case) -> None:
    assert ("shell" if is_shell_form(start_of(tuple(case["input"]))) else "exec") in accepted(case)


@parametrized(CASES, "left-behind")
def test_what_a_build_left_behind(case: Case) -> None:
    assert (kind_of(case["input"]) or "neither") in accepted(case)


@parametrized(CASES, "image-secret")
def test_what_is_a_secret_in_an_image(case: Case) -> None:
    assert ("secret" if [*secrets_in((case["input"],), {})] else "ordinary") in accepted(case)


def test_every_case_is_asked() -> None:
    asked = {name for test in globals().values() for name in asks(test)}
    assert asked == {f"{case['ask']}: {case['name']}" for case in read(CASES)}


def asks(test: object) -> set[str]:
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    return {f"{one.values[0]['ask']}: {one.values[0]['name']}" for mark in marks for one in mark.args[1]}
