"""What hadolint cannot read and BuildKit can is no fault of the Dockerfile."""

from pathlib import Path

import pytest

from checks.requirements.r1_dockerfile import build_context
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.observe import lint
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError

HERE = "RUN <<END\ntrue\nEND\n"


def sources_of(folder: Path, text: str) -> Sources:
    config = {"services": {"api": {"build": {"context": str(folder), "dockerfile_inline": text}}}}
    (found,) = build_context.in_place(resolved(Subject(compose_file=folder / "compose.yaml"), folder, config))
    return found


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (f"FROM python:3.13-slim\n{HERE}# what comes next\nRUN cd /tmp && true\n", ["line 6 DL3003"]),
        (f"FROM python:3.13-slim\n{HERE}# next\n# hadolint ignore=DL3003\nRUN cd /tmp && true\n", []),
        ("FROM python:3.13-slim\n# next\nRUN cd /tmp && true\n", ["line 3 DL3003"]),
    ],
)
def test_a_comment_behind_a_here_document_is_none(text: str, codes: list[str], tmp_path: Path) -> None:
    assert [one.partition(":")[0] for one in lint(sources_of(tmp_path, text)).findings] == codes


def test_what_only_hadolint_cannot_read_is_not_judged(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="hadolint cannot read this Dockerfile: line 7"):
        lint(sources_of(tmp_path, "FROM python:3.13-slim\nCOPY <<A <<B /x/\na\nA\nb\nB\nUNTOLD\n"))


def test_what_neither_reads_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="the Dockerfile has no FROM"):
        lint(sources_of(tmp_path, "HELLO\n"))
