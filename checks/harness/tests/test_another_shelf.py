"""A tenth requirement is one folder and no other edit: planned, run, judged, judged again, reported, held to coverage.

The folder is made as the how-to in CONTRIBUTING says, step by step; it stands outside this repository.
"""

import json
import subprocess
from pathlib import Path

import pytest

from checks.harness.tests.made_up import run, written

FILES = {
    "__init__.py": "",
    "requirement.toml": """
        id = "R70"
        title = "The motto is kept"
        wording = "The motto of the service is kept in its file."
        why = "A motto that changes by itself is none."

        [[rules]]
        name = "motto-kept"
        wording = "What is read is what was written."
    """,
    "judge.py": '''
        """What is asked of the motto."""

        from dataclasses import dataclass

        from checks.core.registry import judges
        from checks.core.verdict import Violation


        @dataclass(frozen=True, kw_only=True)
        class MottoRead:
            written: str
            read: str


        @judges(MottoRead)
        def motto_violations(seen: MottoRead) -> list[Violation]:
            if seen.written and seen.read == seen.written:
                return []
            return [Violation("motto-kept", seen=seen.read, wanted=seen.written)]
    ''',
    "observe.py": '''
        """Write a motto and read it."""

        from pathlib import Path

        from r70_motto.judge import MottoRead


        def write_and_read(file: Path, *, spoilt: bool = False) -> MottoRead:
            file.write_text("keep it simple")
            if spoilt:
                file.write_text("anything goes")
            return MottoRead(written="keep it simple", read=file.read_text())
    ''',
    "test_declared.py": '''
        """R70 by its files alone."""

        import pytest
        from r70_motto.judge import motto_violations
        from r70_motto.observe import write_and_read


        @pytest.mark.check
        def test_the_motto_is_kept(evidence, tmp_path):
            assert motto_violations(evidence.saw(write_and_read(tmp_path / "motto"))) == []
    ''',
    "test_mutations.py": '''
        """R70: a spoilt motto is noticed."""

        import pytest
        from checks.core.registry import objections
        from r70_motto.observe import write_and_read


        @pytest.mark.mutation(objects="motto-kept")
        def test_a_spoilt_motto_is_noticed(evidence, tmp_path):
            assert objections(evidence.saw(write_and_read(tmp_path / "motto", spoilt=True))) == {"motto-kept"}
    ''',
    "samples.py": '''
        """R70: observations that were made up."""

        from r70_motto.judge import MottoRead

        PASSING = (MottoRead(written="a", read="a"),)
        FAILING = {"motto-kept": (MottoRead(written="a", read="b"),)}
        VACUOUS = (MottoRead(written="", read=""),)
    ''',
}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    written(tmp_path / "shelf" / "r70_motto", FILES)
    return tmp_path / "shelf"


def proven(shelf: Path, evidence: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """As `nox -s compliance -- --requirements DIR -k motto` does it, checks and mutations together."""
    ours = (
        "checks/requirements/r8_health_endpoint",
        "--ignore-glob=*/tests",
        "-p",
        "no:cacheprovider",
        "-m",
        "check or mutation",
    )
    return run(
        "-m", "pytest", *ours, "-k", "motto", "--requirements", str(shelf), "--evidence", str(evidence), *options
    )


def judged(shelf: Path, evidence: Path) -> "subprocess.CompletedProcess[str]":
    return run("-m", "checks.report", str(evidence / "latest"), "--requirements", str(shelf))


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "in workers"])
def test_a_folder_is_planned_run_judged_and_reported(shelf: Path, tmp_path: Path, workers: tuple[str, ...]) -> None:
    done = proven(shelf, tmp_path / "evidence", *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    again = judged(shelf, tmp_path / "evidence")
    assert (again.returncode, again.stderr) == (0, "")
    assert "proven         R70  The motto is kept" in again.stdout
    report = json.loads((tmp_path / "evidence" / "latest" / "report.json").read_text())
    (found,) = report["requirements"]
    assert [(check["tier"], check["verdict"]) for check in found["checks"]] == [("declared", "proven")]
    assert [mutation["noticed"] for mutation in found["mutations"]] == [True]
    for name in ("report.html", "junit.xml", "summary.md"):
        assert "The motto is kept" in (tmp_path / "evidence" / "latest" / name).read_text()


def test_its_tier_selects_it(shelf: Path, tmp_path: Path) -> None:
    (shelf / "r70_motto" / "test_declared.py").rename(shelf / "r70_motto" / "test_running.py")
    done = proven(shelf, tmp_path / "evidence", "--tier", "built", "-m", "check")
    assert "checks: " not in done.stdout
    assert "checks: 1 running" in proven(shelf, tmp_path / "evidence", "--collect-only").stdout


def test_who_does_not_know_it_cannot_judge_it(shelf: Path, tmp_path: Path) -> None:
    proven(shelf, tmp_path / "evidence")
    again = run("-m", "checks.report", str(tmp_path / "evidence" / "latest"))
    assert again.returncode == 2
    assert "`R70` is a requirement that is not known here" in again.stdout


@pytest.mark.parametrize(
    ("missing", "told"),
    [("test_mutations.py", "R70: rule `motto-kept` has no mutation"), ("test_declared.py", "R70 has no check")],
)
def test_it_is_held_to_the_same_coverage(shelf: Path, tmp_path: Path, missing: str, told: str) -> None:
    (shelf / "r70_motto" / missing).unlink()
    proven(shelf, tmp_path / "evidence")
    again = judged(shelf, tmp_path / "evidence")
    assert again.returncode == 2
    assert told in again.stdout


def test_a_folder_without_a_requirement_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = proven(tmp_path, tmp_path / "evidence")
    assert done.returncode == 4
    assert "holds no requirement" in done.stderr
    assert "Traceback" not in done.stderr
