"""Every output is a view of one result. `GOLDEN=write pytest checks/report/tests` writes the golden files."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.core import catalog
from checks.core.evidence import Evidence, Folder
from checks.core.judging import judged, judged_folder
from checks.core.results import Result
from checks.core.run import Ending, Image
from checks.core.stored import Stored
from checks.core.tests.sample_run import FAILING, FROZEN, HEALS, KEEPS, KEPT, LOST, PASSING, WAIVED, outcome, record
from checks.core.verdict import Json, Verdict
from checks.report.__main__ import main
from checks.report.formats import VIEWS
from checks.report.github_annotations import as_annotations
from checks.report.intoto_json import as_statement
from checks.report.junit_xml import as_junit
from checks.report.report_html import as_html
from checks.report.report_json import as_json
from checks.report.summary_md import as_markdown
from checks.report.terminal import as_terminal
from checks.report.words import columns

GOLDEN = Path(__file__).parent / "golden"
RUNS = {"passing": PASSING, "failing": FAILING, "waived": WAIVED}
ALL_VIEWS = {**VIEWS, "terminal.txt": as_terminal}
SPEAKING = {name: view for name, view in ALL_VIEWS.items() if view is not as_statement}  # in-toto has no word for why


@pytest.mark.parametrize("twin", RUNS)
@pytest.mark.parametrize("name", ALL_VIEWS)
def test_output_is_as_agreed(twin: str, name: str) -> None:
    shown = ALL_VIEWS[name](judged(RUNS[twin]))
    golden = GOLDEN / f"{twin}.{name}"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text("utf-8")


def test_json_holds_what_the_contract_names() -> None:
    data = json.loads(as_json(judged(FAILING)))
    (r3, *_) = data["requirements"]
    (check,) = r3["checks"]
    assert {"verdict", "run", "requirements"} <= data.keys()
    assert {"id", "title", "verdict", "checks", "mutations"} <= r3.keys()
    assert {"name", "verdict", "seconds", "violations"} <= check.keys()
    assert check["violations"] == [
        {"rule": "restart-keeps", "seen": ["one"], "wanted": ["one", '<script>alert("|")</script>']}
    ]
    assert r3["mutations"][0]["noticed"] is False


def test_junit_is_xml_whatever_was_said() -> None:
    root = ElementTree.fromstring(as_junit(judged(FAILING)))  # noqa: S314 - made here
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "2", "3", "0"]
    ids = [found.get("value") for found in root.iterfind(".//property[@name='requirement']")]
    assert ids == ["R3", "R3", "R6", "R9"]


def test_what_was_seen_cannot_write_the_page() -> None:
    page = as_html(judged(FAILING))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = as_html(judged(PASSING))
    assert "src=" not in page
    assert "@import" not in page
    assert "<link" not in page


def test_a_table_row_stays_one_row() -> None:
    assert r"did not answer \| \<b\>retry\</b\>" in as_markdown(judged(FAILING))


def test_the_page_names_all_nine_whatever_was_judged() -> None:
    page = as_html(judged(FAILING))
    assert [requirement.id for requirement in catalog.read().requirements if f'id="{requirement.id}"' not in page] == []
    assert page.count("not judged in this run") == len(catalog.read().requirements) - 3


def test_a_mutation_that_nobody_noticed_is_not_folded_away() -> None:
    assert "<details open>" in as_html(judged(FAILING))
    assert "<details open>" not in as_html(judged(PASSING))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([{"name": "app", "rules": ["on"]}, {"name": "health", "rules": []}], ["name", "rules"]),
        ([{"name": "app"}, {"user": "health"}], []),
        ([{"name": {}}, {"name": {}}], []),
        ([{"name": "app"}], []),
        (["app", "health"], []),
        ({"name": "app"}, []),
    ],
)
def test_records_of_the_same_flat_fields_become_a_table(value: Json, names: list[str]) -> None:
    assert columns(value) == names


def folder_with(base: Path, *seen: object, ending: Ending = Ending.PASSED) -> Path:
    folder = Folder.begin(base)
    folder.plan([KEEPS])
    for observation in seen:
        Evidence(folder, KEEPS).saw(observation)
    folder.conclude(outcome(KEEPS, ending))
    folder.end()
    return folder.path


@pytest.mark.parametrize(
    ("seen", "ending", "code", "said"),
    [
        ((KEPT,), Ending.PASSED, 0, "verdict: proven (R3)"),
        ((LOST,), Ending.VIOLATED, 1, "verdict: violated (R3)"),
        ((), Ending.PASSED, 2, "verdict: undecided (R3)"),
    ],
)
def test_the_exit_code_is_the_verdict(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seen: tuple[object, ...],
    ending: Ending,
    code: int,
    said: str,
) -> None:
    folder = folder_with(tmp_path, *seen, ending=ending)
    assert main([str(tmp_path / "latest")]) == code
    assert said in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} >= VIEWS.keys()


def test_judging_again_gives_the_same(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT)
    outputs = []
    for _ in range(2):
        main([str(folder)])
        outputs.append([(folder / name).read_text() for name in VIEWS])
    assert outputs[0] == outputs[1]


def test_an_empty_folder_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "verdict: undecided: `run.json` is missing" in capsys.readouterr().out
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "undecided"


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["a", "b"], ["--nonsense"]])
def test_unusable_arguments_are_told_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 3
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "hint: " in said


def test_a_report_that_cannot_be_written_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, KEPT)
    (folder / "report.html").symlink_to("/dev/full")
    assert main([str(folder)]) == 2
    assert "No space left on device" in capsys.readouterr().err


def test_the_module_runs_as_a_command(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT)  # nothing in the suite itself judges `SampleKept`
    done = subprocess.run(
        [sys.executable, "-m", "checks.report", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "nothing judges `SampleKept`" in done.stdout
    assert done.stderr == ""


def test_judging_again_loads_nothing_that_drives(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT)
    judges = "import sys; from checks.report.__main__ import main; main(sys.argv[1:]); print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", judges, str(folder)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines())
    assert {
        f"checks.requirements.{requirement.folder.name}.judge" for requirement in catalog.read().requirements
    } <= loaded
    assert loaded.isdisjoint({"pytest", "redis", "requests", "python_on_whales", "stack.driver.docker"})


def test_a_report_of_nothing_has_every_output(tmp_path: Path) -> None:
    report = judged_folder(tmp_path)
    assert '"result": "WARNED"' in as_statement(report)
    for view in SPEAKING.values():
        assert "undecided" in view(report).lower()


def test_a_run_with_nothing_planned_has_every_output() -> None:
    empty: Result = judged(Stored(run=PASSING.run.__class__(start="now", end="then"), outcomes=(), records=()))
    assert '"result": "WARNED"' in as_statement(empty)
    for view in SPEAKING.values():
        assert "nothing was selected" in view(empty)


HOSTILE = (
    "\x1b[2J\x1b[Hverdict: proven\r\n::error::x\n<img src=x onerror=1></td>"
    "\u202eneve\u2066 | [x](http://e) `</code>` ]]>&\x00\nverdict: proven (R1)\n## Proven"
)
STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")


def hostile() -> Result:
    """A run in which a stranger's text stands wherever one can: a service's name, what was seen, why, notes."""
    named = replace(HEALS, name=HEALS.name.replace("[api]", f"[{HOSTILE}]"))
    seen = replace(FROZEN, service=HOSTILE)
    lost = replace(LOST, written=("one", HOSTILE), read_back=(HOSTILE,))
    stored = Stored(
        run=replace(
            PASSING.run,
            planned=(KEEPS, named),
            subject=HOSTILE,
            notes=(HOSTILE,),
            images=(Image(name=HOSTILE, digest=HOSTILE, source=HOSTILE),),
        ),
        outcomes=(outcome(KEEPS, Ending.VIOLATED, HOSTILE), outcome(named, Ending.CRASHED, HOSTILE)),
        records=(record(KEEPS, lost), record(named, seen)),
    )
    return judged(stored)


@pytest.mark.parametrize("name", ALL_VIEWS)
def test_a_strangers_text_steers_no_output(name: str) -> None:
    shown = ALL_VIEWS[name](hostile())
    assert not STEERS.search(shown)


READ_BY_LINE = {"terminal.txt": as_terminal, "summary.md": as_markdown, "annotations": as_annotations}


@pytest.mark.parametrize("name", READ_BY_LINE)
def test_a_strangers_text_begins_no_line(name: str) -> None:
    begun = ("verdict: proven", "::error::x", "## Proven", "\r")
    lines = re.split("[\r\n]", READ_BY_LINE[name](hostile()))
    assert [line for line in lines if line.strip().startswith(begun)] == []


def test_a_strangers_text_is_no_markup() -> None:
    page, summary = as_html(hostile()), as_markdown(hostile())
    assert "<img" not in page
    assert not re.search(r"(?<!\\)(<img|\]\(http)", summary)
    ElementTree.fromstring(as_junit(hostile()))  # noqa: S314 - made here


def test_a_run_of_much_that_was_not_tried_says_things_once() -> None:
    """A cause in one line; of a requirement that is violated only what objected, and a crash."""
    result = judged(FAILING)
    first = result.requirements[0]
    untried = replace(first.checks[0], verdict=Verdict.UNDECIDED, violations=(), reason="skipped: needs `web` running")
    alone, crashed = replace(untried, reason="skipped: no login"), replace(untried, reason="RuntimeError: x")
    checks = (*first.checks, untried, untried, alone, crashed)
    told = as_terminal(replace(result, requirements=(replace(first, verdict=Verdict.VIOLATED, checks=checks),)))
    causes = [line for line in told.splitlines() if "needs `web`" in line]
    assert causes == [f"cause: needs `web` running (kept 2 checks from being tried: 2 of {first.id})"]
    assert ("no login" in told, "RuntimeError: x" in told) == (False, True)
    as_undecided = replace(first, verdict=Verdict.UNDECIDED, checks=checks)
    assert "no login" in as_terminal(replace(result, requirements=(as_undecided,)))
