"""What need not be run again after a change, and which evidence it rests on."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from checks.core import catalog
from checks.core.evidence import Evidence, Folder
from checks.core.run import Ending, Kind, Planned
from checks.core.tests.sample_run import KEEPS, KEPT, LOSING_IT, LOST, SampleKept, outcome
from checks.harness import rests
from checks.harness.rests import SinceError, depends
from checks.subject.profile import Subject
from stack.driver.engine import Engine

ENGINE = Engine(engine="26.1", compose="2.26", buildx="0.13")
R3, R9 = (next(one for one in catalog.read().requirements if one.id == name) for name in ("R3", "R9"))
FILES = ("checks/core/rules.py", f"checks/requirements/{R3.folder.name}/judge.py",
         f"checks/requirements/{R9.folder.name}/judge.py", "README.md", "checks/core/tests/test_rules.py",
         "checks/report/page.py", "stack/compose.yaml")  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a file of each kind, all committed."""
    root = tmp_path / "project"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("as it was\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "as it was"]):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@y", *words], cwd=root, check=True)
    monkeypatch.setattr(rests, "ROOT", root)
    monkeypatch.setattr(rests, "found_here", dict)
    return root


@pytest.fixture
def subject(project: Path) -> Subject:
    return Subject(compose_file=project / "stack" / "compose.yaml")


def ran(
    project: Path,
    subject: Subject,
    how: Ending = Ending.PASSED,
    left_out: tuple[Planned, ...] = (),
    planned: Planned = KEEPS,
    saw: SampleKept = KEPT,
) -> Path:
    """The evidence of a run of one check or mutation of R3."""
    folder = Folder.begin(project.parent / "evidence")
    folder.describe(depends=depends(subject), engine="26.1", compose="2.26", buildx="0.13")
    folder.plan([planned], list(left_out))
    Evidence(folder, planned).saw(saw)
    folder.conclude(outcome(planned, how, None if how is Ending.PASSED else "because"))
    folder.end()
    return folder.path


def rest(
    project: Path, subject: Subject, engine: Engine | None = ENGINE, ref: str = "HEAD", kind: Kind = Kind.CHECK
) -> list[str]:
    found = rests.rests(kind, ref, subject, engine, project.parent / "evidence")
    return [name for one in found for name in one.requirements]


def test_what_was_proven_with_the_same_inputs_rests_on_that(project: Path, subject: Subject) -> None:
    evidence = ran(project, subject)
    (found,) = rests.rests(Kind.CHECK, "HEAD", subject, ENGINE, evidence.parent)
    assert (found.requirements, found.evidence) == (("R3",), evidence)
    sentence = replace(found, requirements=("R1", "R3")).told("HEAD")
    assert sentence.startswith(f"R1, R3: proven in {evidence} (SHA256SUMS sha256:")
    assert "nor since HEAD" in sentence


@pytest.mark.parametrize("name", ["README.md", "checks/core/tests/test_rules.py", "checks/report/page.py", FILES[2]])
def test_what_does_not_concern_it_does_not_touch_it(project: Path, subject: Subject, name: str) -> None:
    ran(project, subject)
    (project / name).write_text("changed\n")
    assert rest(project, subject) == ["R3"]


@pytest.mark.parametrize("name", [FILES[0], FILES[1], "stack/compose.yaml", "stack/new.yaml"])
def test_what_concerns_it_has_it_run_again(project: Path, subject: Subject, name: str) -> None:
    ran(project, subject)
    (project / name).write_text("changed\n")
    assert rest(project, subject) == []


def test_a_change_that_was_judged_already_runs_again(project: Path, subject: Subject) -> None:
    (project / FILES[1]).write_text("changed\n")
    ran(project, subject)
    assert rest(project, subject) == []


def test_a_change_before_the_commit_counts_by_its_digest(project: Path, subject: Subject) -> None:
    ran(project, subject)
    (project / FILES[1]).write_text("changed\n")
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "x"], cwd=project, check=True)
    assert rest(project, subject) == []


def test_what_was_not_proven_is_nothing_to_rest_on(project: Path, subject: Subject) -> None:
    ran(project, subject, Ending.CRASHED)
    assert rest(project, subject) == []


def test_a_part_is_nothing_to_rest_on(project: Path, subject: Subject) -> None:
    ran(project, subject, left_out=(replace(KEEPS, name="another"),))
    assert rest(project, subject) == []


def test_mutations_rest_on_those_that_were_noticed(project: Path, subject: Subject) -> None:
    ran(project, subject, planned=LOSING_IT, saw=LOST)
    assert rest(project, subject, kind=Kind.MUTATION) == ["R3"]
    assert rest(project, subject) == []
    (found,) = rests.rests(Kind.MUTATION, "HEAD", subject, ENGINE, project.parent / "evidence")
    assert found.told("HEAD").startswith("R3: every mutation noticed in ")


def test_checks_are_nothing_for_mutations_to_rest_on(project: Path, subject: Subject) -> None:
    ran(project, subject)
    assert rest(project, subject, kind=Kind.MUTATION) == []


def test_a_mutation_unnoticed_is_nothing_to_rest_on(project: Path, subject: Subject) -> None:
    ran(project, subject, planned=LOSING_IT)
    assert rest(project, subject, kind=Kind.MUTATION) == []


def test_a_part_of_the_mutations_is_nothing_to_rest_on(project: Path, subject: Subject) -> None:
    ran(project, subject, planned=LOSING_IT, saw=LOST, left_out=(replace(LOSING_IT, name="another"),))
    assert rest(project, subject, kind=Kind.MUTATION) == []


def test_altered_evidence_is_nothing_to_rest_on(project: Path, subject: Subject) -> None:
    outcomes = ran(project, subject) / "outcomes.jsonl"
    outcomes.write_text(outcomes.read_text().replace('"start"', '"Start"'))
    assert rest(project, subject) == []


def test_another_engine_or_none_has_everything_run(project: Path, subject: Subject) -> None:
    ran(project, subject)
    assert rest(project, subject, Engine(engine="27", compose="2.26", buildx="0.13")) == []
    assert rest(project, subject, None) == []


@pytest.mark.usefixtures("project")
def test_a_subject_elsewhere_is_part_of_what_it_depends_on(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    file = tmp_path / "other" / "compose.yaml"
    file.write_text("services: {}\n")
    before = depends(Subject(compose_file=file))
    file.write_text("services: { a: { image: b } }\n")
    assert {*before.values()}.isdisjoint(depends(Subject(compose_file=file)).values())


def test_what_git_does_not_know_is_told(project: Path, subject: Subject) -> None:
    with pytest.raises(SinceError, match="--since compares with a commit, and git does not know it"):
        rest(project, subject, ref="nowhere")
