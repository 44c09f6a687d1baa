"""What a soak plans, what it concludes, how it goes on, and how it is shown."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.campaigns.soak.__main__ import main
from checks.campaigns.soak.folder import PLAN as PLAN_FILE
from checks.campaigns.soak.folder import at_work_on, take_up
from checks.campaigns.soak.outages import POLICIES, Kind, Outage, OutageFolder, Plan, Soak, Step, concluded, steps
from checks.campaigns.soak.picture import PICTURE, SUMMARY, as_markdown, as_svg, ceiling
from checks.core.codec import UnfitError
from checks.core.evidence import seal
from checks.core.redaction import REDACTED
from checks.core.run import OBSERVATIONS, RUN, Run
from checks.core.verdict import Verdict
from checks.requirements.r3_durability.judge.power_cut import Moment
from checks.requirements.r3_durability.samples.power_cut import LOST, SURVIVED
from checks.subject.profile import Subject

PLAN = Plan(seed=7, cuts=3, kills=4, control_cuts=2)
SVG = "{http://www.w3.org/2000/svg}"


def outage(step: Step) -> Outage:
    """As it should be: nothing lost, but under another policy."""
    return Outage(
        time="2026-11-24T05:00:00.000Z", step=step, appendfsync=step.policy or "always",
        seen=LOST if step.policy else SURVIVED, looked_at_again=9, lost_later=(), took=1.5,
    )  # fmt: skip


SOAK = Soak(run=Run(start="2026-11-24T05:00:00.000Z"), plan=PLAN, outages=tuple(map(outage, steps(PLAN))))


def with_outage(at: int, **other: object) -> Soak:
    outages = list(SOAK.outages)
    outages[at] = replace(outages[at], **other)  # type: ignore[arg-type]
    return replace(SOAK, outages=tuple(outages))


@pytest.fixture
def folder(tmp_path: Path) -> OutageFolder:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return OutageFolder.of(tmp_path / "evidence", PLAN, Subject(compose_file=tmp_path / "compose.yaml"))


def test_a_plan_has_what_was_asked_for_and_then_the_controls() -> None:
    own, controls = steps(PLAN)[:7], steps(PLAN)[7:]
    assert sorted(step.kind for step in own) == [Kind.KILL] * 4 + [Kind.CUT] * 3
    assert {step.policy for step in own} == {""}
    assert [step.policy for step in controls] == ["everysec", "everysec", "no", "no"]
    assert [step.number for step in steps(PLAN)] == list(range(1, 12))


def test_a_seed_decides_the_plan() -> None:
    assert steps(PLAN) == steps(replace(PLAN))
    assert steps(PLAN) != steps(replace(PLAN, seed=8))


def test_every_moment_is_met_by_cuts_and_all_but_one_by_kills() -> None:
    planned = steps(replace(PLAN, cuts=100, kills=100))
    assert {step.moment for step in planned if step.kind is Kind.CUT} == set(Moment)
    assert {step.moment for step in planned if step.kind is Kind.KILL} == set(Moment) - {Moment.STOPPING}


def test_nothing_lost_but_by_the_controls_is_proven() -> None:
    assert concluded(SOAK) == (Verdict.PROVEN, ())


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (with_outage(0, seen=LOST), "acknowledged writes lost"),
        (with_outage(0, lost_later=("audit:one",)), "that earlier outages had left: audit:one"),
        (with_outage(0, seen=replace(SURVIVED, back=False)), "not back after"),
    ],
)
def test_a_loss_of_the_subject_violates(seen: Soak, told: str) -> None:
    verdict, reasons = concluded(replace(seen, outages=seen.outages[:1]))  # whatever else was to come
    assert verdict is Verdict.VIOLATED
    assert told in reasons[0]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (replace(SOAK, outages=SOAK.outages[:5]), "5 of 11 outages happened"),
        (replace(SOAK, run=replace(SOAK.run, problems=("a secret stands in it",))), "a secret stands in it"),
        (
            replace(SOAK, outages=(*SOAK.outages[:9], *(replace(one, seen=SURVIVED) for one in SOAK.outages[9:]))),
            "under `appendfsync no` 2 power cuts cost nothing either",
        ),
        (
            replace(
                SOAK, outages=tuple(replace(one, seen=replace(one.seen, in_the_middle=False)) for one in SOAK.outages)
            ),
            "no power cut met Redis at work",
        ),
    ],
)
def test_too_little_decides_nothing(seen: Soak, told: str) -> None:
    assert concluded(seen) == (Verdict.UNDECIDED, (told,))


def test_what_happened_is_read_back_and_what_is_left_follows(folder: OutageFolder) -> None:
    for one in SOAK.outages[:2]:
        folder.happened(one)
    soak = OutageFolder(folder.path).soak()
    assert soak.outages == SOAK.outages[:2]
    assert soak.left == steps(PLAN)[2:]


def test_half_a_line_goes(folder: OutageFolder) -> None:
    folder.happened(SOAK.outages[0])
    with (folder.path / OBSERVATIONS).open("a") as file:
        file.write('{"time": "2026')
    assert OutageFolder(folder.path).soak().outages == SOAK.outages[:1]
    folder.happened(SOAK.outages[1])
    assert folder.soak().outages == SOAK.outages[:2]


def test_what_is_not_of_the_plan_is_refused(folder: OutageFolder) -> None:
    folder.happened(SOAK.outages[1])
    with pytest.raises(UnfitError, match="not what its plan asks for"):
        OutageFolder(folder.path).soak()


def test_a_folder_that_was_altered_is_refused(folder: OutageFolder) -> None:
    folder.happened(SOAK.outages[0])
    seal(folder.path)
    with (folder.path / OBSERVATIONS).open("a") as file:
        file.write("\n")
    with pytest.raises(UnfitError, match="was altered since"):
        take_up(folder.path)


def test_a_folder_goes_on_whether_sealed_or_left_by_a_kill(folder: OutageFolder) -> None:
    seal(folder.path)
    take_up(folder.path)
    folder.happened(SOAK.outages[0])
    take_up(folder.path)


@pytest.mark.parametrize("name", [RUN, PLAN_FILE, OBSERVATIONS])
def test_what_is_no_text_is_unusable_in_a_sentence(
    folder: OutageFolder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.path / name).write_bytes(b"\xff\xfe")
    assert main(["--resume", str(folder.path)]) == 3
    assert capsys.readouterr().err.startswith("error: ")


def test_two_do_not_go_on_with_one_soak(folder: OutageFolder) -> None:
    with at_work_on(folder.path), pytest.raises(UnfitError, match="somebody else"), at_work_on(folder.path):
        pass


def test_secrets_are_hidden(folder: OutageFolder) -> None:
    folder.hide("correct horse")
    folder.happened(replace(SOAK.outages[0], lost_later=("audit:correct horse",)))
    assert folder.soak().outages[0].lost_later == (f"audit:{REDACTED}",)


@pytest.mark.parametrize(
    ("change", "code"), [({}, 0), ({"lost_later": ("audit:one",)}, 1), ({"seen": replace(SURVIVED, back=False)}, 1)]
)
def test_a_soak_that_is_over_is_judged_again_without_an_engine(
    folder: OutageFolder, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], code: int
) -> None:
    for one in with_outage(0, **change).outages:
        folder.happened(one)
    monkeypatch.setenv("PATH", "")
    assert main(["--resume", str(folder.path)]) == code
    assert (folder.path / PICTURE).read_text().startswith("<svg")
    assert "| everysec | 2 power cuts | 2 |" in (folder.path / SUMMARY).read_text()
    assert json.loads((folder.path / RUN).read_text())["end"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cuts", "0"],
        ["--cuts", "many"],
        ["--kills", "-1"],
        ["--resume", "nowhere"],
        ["--resume", ".", "--cuts", "3"],
        ["--stack", "nowhere"],
    ],
)
def test_unusable_arguments_end_in_3_and_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 3
    assert capsys.readouterr().err.startswith("error: ")


def test_the_picture_shows_every_power_cut_to_one_scale() -> None:
    root = ElementTree.fromstring(as_svg(SOAK))  # noqa: S314 - our own
    bars = [float(bar.attrib["height"]) for bar in root.iter(f"{SVG}rect") if bar.get("class") == "lost"]
    assert len(bars) == PLAN.control_cuts * len(POLICIES)
    assert len(list(root.iter(f"{SVG}circle"))) == PLAN.cuts
    assert set(bars) == {round(84 * LOST.lost / ceiling(LOST.lost), 2)}


def test_the_picture_can_be_heard_and_runs_nothing() -> None:
    root = ElementTree.fromstring(as_svg(SOAK))  # noqa: S314
    assert root.get("role") == "img"
    assert [element.tag for element in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert "3 power cuts, 0 of" in (root[1].text or "")
    assert not list(root.iter(f"{SVG}script"))
    assert "http" not in as_svg(SOAK).replace("http://www.w3.org/2000/svg", "")


def test_a_soak_of_which_nothing_happened_yet_can_be_shown() -> None:
    nothing = replace(SOAK, outages=())
    ElementTree.fromstring(as_svg(nothing))  # noqa: S314
    assert as_markdown(nothing).startswith("# Soak: undecided\n\n- 0 of 11 outages happened")


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (7, 10), (10, 10), (1651, 2000), (2100, 2500)])
def test_the_scale_ends_at_a_round_number(most: int, top: float) -> None:
    assert ceiling(most) == top
