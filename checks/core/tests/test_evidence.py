"""What is on disk, when, and what never is."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from checks.core.evidence import Evidence, EvidenceError, Folder
from checks.core.redaction import REDACTED
from checks.core.run import OBSERVATIONS, OUTCOMES, RUN, SUMS, Image
from checks.core.stored import read
from checks.core.tests.sample_run import HEALS, KEEPS, KEPT, SampleKept, outcome

SECRET = 'pass"word/+ü€'  # noqa: S105 - made up, with every character that some form escapes


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.begin(tmp_path / "evidence")


def text(folder: Folder, name: str) -> str:
    return (folder.path / name).read_text("utf-8")


def test_an_observation_is_on_disk_before_it_is_judged(folder: Folder) -> None:
    seen = Evidence(folder, KEEPS).saw(KEPT)
    stored = json.loads(text(folder, OBSERVATIONS))
    assert seen == KEPT
    assert stored["data"] == {"written": ["one", "two"], "read_back": ["one", "two"]}
    assert (stored["kind"], stored["requirement"], stored["mutation"]) == ("SampleKept", "R3", False)


def test_what_is_judged_is_what_was_stored(folder: Folder) -> None:
    evidence = Evidence(folder, KEEPS)
    evidence.hide(SECRET)
    assert evidence.saw(SampleKept(written=(SECRET,), read_back=())).written == (REDACTED,)


def test_two_runs_in_one_second_have_two_folders(tmp_path: Path) -> None:
    first, second = Folder.begin(tmp_path), Folder.begin(tmp_path)
    assert first.path != second.path
    assert (tmp_path / "latest").resolve() == second.path


def test_what_was_written_can_be_read(folder: Folder) -> None:
    image = Image(name="redis:8", digest="sha256:ab", source="local")
    folder.describe(subject="stack", engine="26.1.5", images=(image,))
    folder.plan([KEEPS, HEALS])
    folder.conclude(outcome(KEEPS))
    Evidence(folder, KEEPS).saw(KEPT)
    folder.end()
    stored = read(folder.path)
    assert stored.run == folder.run
    assert stored.run.images == (image,)
    assert stored.outcomes == (outcome(KEEPS),)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        quote(SECRET, safe=""),
        *(base64.b64encode(f"{before}:{SECRET}@".encode()).decode() for before in ("", "a", "ab")),
    ],
)
def test_a_secret_is_hidden_in_any_form(folder: Folder, form: str) -> None:
    folder.hide(SECRET)
    folder.keep("logs/api.log", f"before {form} after")
    assert REDACTED in text(folder, "logs/api.log")
    assert form not in text(folder, "logs/api.log")
    assert text(folder, "logs/api.log").startswith("before ")


def test_a_secret_written_before_it_was_known_is_found(folder: Folder) -> None:
    folder.keep("logs/api.log", f"user:{SECRET}")
    folder.hide(SECRET)
    folder.end()
    assert folder.run.problems == ("a secret of the run stands in `logs/api.log`",)
    assert read(folder.path).run.problems == folder.run.problems


def test_a_run_without_a_leak_has_no_problem(folder: Folder) -> None:
    folder.hide(SECRET)
    folder.keep("logs/api.log", SECRET)
    folder.end()
    assert folder.run.problems == ()


def test_a_secret_too_short_to_search_for_is_noted(folder: Folder) -> None:
    folder.hide("test")
    folder.keep("compose.yaml", "test")
    assert text(folder, "compose.yaml") == "test"
    assert "shorter than 8" in folder.run.notes[0]


def test_what_is_kept_stays(folder: Folder) -> None:
    folder.keep("logs/api.log", "first")
    folder.keep("logs/api.log", "second")
    assert text(folder, "logs/api.log") == "first"
    assert text(folder, "logs/api.2.log") == "second"


@pytest.mark.parametrize("name", ["../out.log", "/out.log"])
def test_nothing_is_kept_outside_the_folder(folder: Folder, name: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        folder.keep(name, "")


def test_the_digests_are_those_of_sha256sum(folder: Folder) -> None:
    folder.end()
    names = [line.split("  ")[1] for line in text(folder, SUMS).splitlines()]
    assert names == [OBSERVATIONS, OUTCOMES, RUN]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(EvidenceError, match=r"evidence cannot be written to `.*`: File exists"):
        Folder.begin(tmp_path / "evidence")


def test_a_full_disk_is_told_in_a_sentence(folder: Folder) -> None:
    (folder.path / OBSERVATIONS).unlink()
    (folder.path / OBSERVATIONS).symlink_to("/dev/full")
    with pytest.raises(EvidenceError, match="No space left on device"):
        Evidence(folder, KEEPS).saw(KEPT)
