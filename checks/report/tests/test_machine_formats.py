"""What machines read: held against schemas where there are some, and against what a subject may have said."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from checks.core.judging import judged
from checks.core.place import Place
from checks.core.results import Result
from checks.core.tests.sample_run import FAILING, PASSING
from checks.core.verdict import Violation
from checks.report.findings import findings
from checks.report.formats import VIEWS
from checks.report.github_annotations import AT_MOST, as_annotations
from checks.report.gitlab_code_quality import as_code_quality
from checks.report.intoto_json import as_statement
from checks.report.junit_xml import as_junit
from checks.report.oscal_json import as_oscal
from checks.report.sarif_json import as_sarif
from checks.report.summary_md import LIMIT, as_markdown
from checks.report.terminal import as_terminal

SARIF = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text())
RESULTS = {"passing": judged(PASSING), "failing": judged(FAILING)}
PLACE = Place(file="stack/a:b,c.yaml", line=7)
HOSTILE = "a::b%,\n::error::mine | `x`"


def with_violations(*violations: Violation) -> Result:
    """The failing run, in which one check has these."""
    result = RESULTS["failing"]
    first, *rest = result.requirements
    check = replace(first.checks[0], violations=violations)
    return replace(result, requirements=(replace(first, checks=(check,)), *rest))


def placed(line: int | None = 7) -> Result:
    return with_violations(
        Violation("restart-keeps", seen=HOSTILE, wanted=1, place=PLACE if line else replace(PLACE, line=None))
    )


def sarif(result: Result) -> dict[str, Any]:
    told = json.loads(as_sarif(result))
    jsonschema.Draft4Validator(SARIF).validate(told)
    run: dict[str, Any] = told["runs"][0]
    return run


@pytest.mark.parametrize("twin", RESULTS)
def test_sarif_fits_its_schema(twin: str) -> None:
    run = sarif(RESULTS[twin])
    assert [len(run["results"]) > 0, run["invocations"][0]["executionSuccessful"]] == [
        twin == "failing",
        twin == "passing",
    ]


def test_the_sarif_schema_objects_to_what_is_wrong() -> None:
    told = json.loads(as_sarif(RESULTS["failing"]))
    told["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SARIF).validate(told)


def test_sarif_rules_have_help_page_and_controls() -> None:
    rules = sarif(RESULTS["passing"])["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules if not (rule["help"]["markdown"].count("```") == 2 and rule["helpUri"])] == []
    (user,) = [rule for rule in rules if rule["id"] == "R1/non-root-user"]
    assert "CIS Docker Benchmark 1.6.0 4.1" in user["properties"]["tags"]


def test_sarif_results_point_to_their_rule() -> None:
    run = sarif(RESULTS["failing"])
    rules = run["tool"]["driver"]["rules"]
    assert [one["ruleId"] for one in run["results"]] == [rules[one["ruleIndex"]]["id"] for one in run["results"]]


def test_sarif_has_a_line_where_a_file_shows_it() -> None:
    location = sarif(placed())["results"][0]["locations"][0]
    assert location["physicalLocation"]["region"]["startLine"] == 7
    assert "region" not in sarif(placed(line=None))["results"][0]["locations"][0]["physicalLocation"]
    assert "physicalLocation" not in sarif(RESULTS["failing"])["results"][0]["locations"][0]


def test_fingerprints_outlive_what_was_seen() -> None:
    one, other = (with_violations(Violation("restart-keeps", seen=seen, wanted=0)) for seen in (1, 2))
    first, second = (next(iter(findings(result))).fingerprint for result in (one, other))
    assert first == second


def test_fingerprints_tell_two_of_a_kind_apart() -> None:
    twice = Violation("restart-keeps", seen=1, wanted=0)
    issues = json.loads(as_code_quality(with_violations(twice, twice)))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 2


def test_what_was_seen_begins_no_workflow_command() -> None:
    lines = as_annotations(placed()).splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert "file=stack/a%3Ab%2Cc.yaml,line=7,title=R3 restart-keeps::" in lines[0]


def test_annotations_beyond_githubs_number_are_counted() -> None:
    many = with_violations(*(Violation("restart-keeps", seen=seen, wanted=0) for seen in range(AT_MOST + 5)))
    lines = as_annotations(many).splitlines()
    assert sum(line.startswith("::error") for line in lines) == AT_MOST
    assert lines[-1].startswith("::notice")
    assert "more in summary.md" in lines[-1]


def test_a_gitlab_issue_has_what_gitlab_asks_for() -> None:
    for issue in json.loads(as_code_quality(RESULTS["failing"])):
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"]
        assert issue["location"]["lines"]["begin"] == 1


def test_an_undecided_run_is_no_empty_list_for_gitlab() -> None:
    doubtful = replace(RESULTS["passing"], reasons=("the run did not end",))
    assert [issue["check_name"] for issue in json.loads(as_code_quality(doubtful))] == ["undecided"]
    assert json.loads(as_code_quality(RESULTS["passing"])) == []


def oscal(result: Result) -> dict[str, list[Any]]:
    states: dict[str, list[Any]] = {}
    for finding in json.loads(as_oscal(result))["assessment-results"]["results"][0]["findings"]:
        requirement = finding["props"][0]["value"]
        states.setdefault(requirement, []).append(finding["target"]["status"])
    return states


def test_oscal_tells_violated_from_not_evaluated() -> None:
    states = oscal(RESULTS["failing"])
    assert {(one["state"], one["reason"]) for one in states["R6"]} == {("not-satisfied", "other")}
    assert ("not-satisfied", "fail") in {(one["state"], one["reason"]) for one in states["R9"]}
    assert {one["state"] for found in oscal(RESULTS["passing"]).values() for one in found} == {"satisfied"}


def test_oscal_is_not_satisfied_by_a_doubtful_run() -> None:
    doubtful = replace(RESULTS["passing"], reasons=("the run did not end",))
    assert {one["reason"] for found in oscal(doubtful).values() for one in found} == {"other"}


def test_the_statement_names_what_it_is_about() -> None:
    stored = replace(PASSING, run=replace(PASSING.run, commit="a" * 40, inputs={"subject": f"sha256:{'b' * 64}"}))
    told = json.loads(as_statement(judged(stored)))
    digests = [one["digest"] for one in told["subject"]]
    assert digests[:2] == [{"treeSha256": "b" * 64}, {"sha256": "ab" * 32}]
    assert told["predicate"]["result"] == "PASSED"
    assert json.loads(as_statement(RESULTS["failing"]))["predicate"]["result"] == "FAILED"


def test_an_image_of_two_services_is_named_once() -> None:
    twice = judged(replace(PASSING, run=replace(PASSING.run, images=PASSING.run.images * 2)))
    assert as_oscal(twice).count('"title": "redis:8"') == 1
    assert as_statement(twice).count('"name": "redis:8"') == 1


def test_the_statement_changes_with_what_was_seen() -> None:
    other = replace(PASSING, records=PASSING.records[:1])
    evidence = [json.loads(as_statement(judged(one)))["subject"][-1] for one in (PASSING, other)]
    assert evidence[0] != evidence[1]


def test_junit_tells_tier_rule_and_place() -> None:
    page = as_junit(placed())
    for told in ('name="tier" value="exercised"', 'name="rule" value="restart-keeps"', 'name="line" value="7"'):
        assert told in page


@pytest.mark.parametrize("size", [100, 500, 100_000])
def test_the_summary_stays_within_its_limit(size: int) -> None:
    rules = [f"rule-{number}" for number in range(500)]
    many = with_violations(*(Violation(rule, seen="ü" * size, wanted="|" * size) for rule in rules))
    loud = replace(many, reasons=tuple("ü" * size for _ in range(300)))
    shown = as_markdown(loud)
    assert len(shown.encode()) <= LIMIT
    assert "more paragraphs do not fit here" in shown
    assert shown.count("```") % 2 == 0
    assert "| R3 |" in shown


def test_the_summary_says_what_to_do() -> None:
    shown = as_markdown(RESULTS["failing"])
    assert "**What to do:** Switch the append-only file on" in shown
    assert shown.index("restart-keeps") < shown.index("undecided:")


def test_every_output_is_the_same_twice() -> None:
    for twin in (PASSING, FAILING):
        assert [view(judged(twin)) for view in VIEWS.values()] == [view(judged(twin)) for view in VIEWS.values()]


def test_every_reader_is_told_file_and_line() -> None:
    told = json.loads(VIEWS["report.json"](placed()))["requirements"][0]["checks"][0]["violations"][0]
    assert (told["file"], told["line"]) == ("stack/a:b,c.yaml", 7)
    assert "(stack/a:b,c.yaml:7)" in as_terminal(placed())
    assert "stack/a:b,c.yaml:7)" in as_junit(placed())
    assert "stack/a:b,c.yaml:7" in VIEWS["report.html"](placed())
    plain = json.loads(VIEWS["report.json"](RESULTS["failing"]))["requirements"][0]["checks"][0]["violations"][0]
    assert {"file", "line"} & {*plain} == set()
