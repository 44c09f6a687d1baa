"""The plugin, on small suites of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.core.judging import judged_folder
from checks.core.results import Result
from checks.core.run import OUTCOMES
from checks.core.verdict import Verdict
from checks.harness import plugin
from stack import ROOT

pytest_plugins = ["pytester"]
Workers = Callable[..., pytest.RunResult]

SUITE = """
    import pytest
    from checks.core.tests.sample_run import KEPT, LOST, kept_violations
    from checks.core.verdict import NotApplicableError

    @pytest.fixture
    def broken():
        raise AssertionError("not the subject's fault")

    @pytest.fixture
    def broken_later():
        yield
        raise RuntimeError("left dirty")

    @pytest.fixture
    def nobody():
        raise NotApplicableError("the platform scrapes it")

    @pytest.mark.check("R3")
    def test_kept(evidence):
        assert kept_violations(evidence.saw(KEPT)) == []

    @pytest.mark.check("R3")
    def test_lost(evidence):
        assert kept_violations(evidence.saw(LOST)) == []

    @pytest.mark.check("R3")
    def test_crashed(evidence):
        raise RuntimeError("ours")

    @pytest.mark.check("R3")
    def test_skipped(evidence):
        pytest.skip("not here")

    @pytest.mark.check("R3")
    def test_not_up(evidence):
        pytest.fail("error: the stack is not up\\nhint: look at its logs", pytrace=False)

    @pytest.mark.check("R3")
    def test_set_up(evidence, broken):
        pass

    @pytest.mark.check("R3")
    def test_torn_down(evidence, broken_later):
        evidence.saw(KEPT)

    @pytest.mark.check("R3")
    @pytest.mark.xfail(strict=False, reason="known")
    def test_expected(evidence):
        assert kept_violations(evidence.saw(LOST)) == []

    @pytest.mark.check("R3")
    def test_absent(evidence):
        raise NotApplicableError("there is no Redis")

    @pytest.mark.check("R3")
    def test_absent_for_a_fixture(nobody):
        pass

    @pytest.mark.check("R3")
    def test_interrupted(evidence):
        raise KeyboardInterrupt

    @pytest.mark.mutation("R3", objects="restart-keeps")
    def test_noticed(evidence):
        assert {v.rule for v in kept_violations(evidence.saw(LOST))} == {"restart-keeps"}

    def test_unmarked():
        pass
"""
INI = """
    [pytest]
    markers =
        check(id): a check
        mutation(id, objects): a mutation
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(INI)
    pytester.makepyfile(test_suite=SUITE)
    return pytester


PLUGIN = (
    *("-p", "checks.harness.untried"),
    *("-p", "checks.harness.waivers"),
    *("-p", "checks.harness.plugin"),
    *("-p", "no:cacheprovider"),
)


def run(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    return suite.runpytest_inprocess(*PLUGIN, *options)


def report(suite: pytest.Pytester) -> Result:
    return judged_folder(suite.path / "evidence" / "latest")


def outcomes(suite: pytest.Pytester) -> dict[str, tuple[str, str | None]]:
    lines = (suite.path / "evidence" / "latest" / OUTCOMES).read_text().splitlines()
    return {
        line["name"].removeprefix("test_suite.py::test_"): (line["outcome"], line["reason"])
        for line in map(json.loads, lines)
    }


def test_only_a_failed_assertion_in_the_check_violates(suite: pytest.Pytester) -> None:
    run(suite, "-m", "check", "-k", "not interrupted")
    found = outcomes(suite)
    assert {name: ending for name, (ending, _) in found.items()} == {
        "kept": "passed",
        "lost": "violated",
        "crashed": "crashed",
        "skipped": "skipped",
        "not_up": "crashed",
        "set_up": "crashed",
        "torn_down": "crashed",
        "expected": "skipped",
        "absent": "not applicable",
        "absent_for_a_fixture": "not applicable",
    }
    assert found["crashed"][1] == "RuntimeError: ours"
    assert found["set_up"][1] == "in setup: AssertionError: not the subject's fault"
    assert found["torn_down"][1] == "in teardown: RuntimeError: left dirty"
    assert found["not_up"] == ("crashed", "error: the stack is not up; hint: look at its logs")
    assert found["skipped"][1] == "not here"
    assert found["absent"][1] == "there is no Redis"
    assert found["absent_for_a_fixture"][1] == "the platform scrapes it"


def test_a_proven_run_says_so(suite: pytest.Pytester) -> None:
    done = run(suite, "-k", "kept or noticed")
    done.stdout.fnmatch_lines(["verdict: proven (R3); evidence in *"])
    assert report(suite).verdict is Verdict.PROVEN


def test_a_part_of_a_requirement_is_noted(suite: pytest.Pytester) -> None:
    run(suite, "-k", "kept")
    assert report(suite).requirements[0].note == "only 1 of its 11 checks were selected"


def test_a_violated_run_says_so(suite: pytest.Pytester) -> None:
    done = run(suite, "-k", "lost")
    done.stdout.fnmatch_lines(["verdict: violated (R3); *"])


def test_mutations_alone_are_not_applicable(suite: pytest.Pytester) -> None:
    run(suite, "-m", "mutation")
    assert report(suite).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("options", [("-k", "nothing_of_the_kind"), ("-m", "check", "-k", "nothing")])
def test_a_selection_of_nothing_is_undecided(suite: pytest.Pytester, options: tuple[str, ...]) -> None:
    run(suite, *options)
    assert report(suite).reasons == ("nothing was selected to run, so nothing was proven",)


def test_an_interrupted_run_is_undecided(suite: pytest.Pytester) -> None:
    suite.inline_run(*PLUGIN, "-k", "kept or interrupted or noticed", no_reraise_ctrlc=True)
    found = report(suite)
    assert found.verdict is Verdict.UNDECIDED
    assert [check.verdict for check in found.requirements[0].checks] == [Verdict.PROVEN, Verdict.UNDECIDED]


def test_a_module_that_does_not_import_makes_the_run_undecided(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_other="import nothing_of_the_kind")
    run(suite, "-m", "check", "-k", "kept", "--continue-on-collection-errors")
    assert report(suite).reasons == ("`test_other.py` could not be collected",)
    assert report(suite).verdict is Verdict.UNDECIDED


def test_tests_that_are_no_checks_leave_no_folder(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("def test_offline(): pass")
    run(pytester).assert_outcomes(passed=1)
    assert not (pytester.path / "evidence").exists()


def test_what_leaves_a_check_untried_fails_a_test_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("""
        import pytest
        from checks.core.verdict import NotApplicableError
        from stack.driver.errors import EngineError, SubjectError

        @pytest.fixture
        def unusable():
            raise EngineError("no engine answers")

        def test_of_its_own_call():
            raise SubjectError("it does not resolve")

        def test_of_a_fixture(unusable):
            pass

        def test_of_what_is_not_there():
            raise NotApplicableError("there is no Redis")

        @pytest.mark.check("R3")
        def test_that_is_a_check():
            raise SubjectError("it does not resolve")
    """)
    run(pytester).assert_outcomes(failed=2, errors=1, skipped=1)


def test_the_folder_can_be_chosen(suite: pytest.Pytester) -> None:
    run(suite, "-k", "kept", "--evidence", "elsewhere")
    assert judged_folder(suite.path / "elsewhere" / "latest").verdict is Verdict.PROVEN


def test_a_folder_not_writable_ends_the_run_in_a_sentence(suite: pytest.Pytester) -> None:
    (suite.path / "evidence").write_text("a file")
    done = run(suite, "-k", "kept")
    assert done.ret == 2
    assert "evidence cannot be written" in done.stdout.str() + done.stderr.str()


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('check("R12")', "*is marked with `R12`, which is no requirement known here"),
        ('mutation("R3", objects="nonsense")', "*expects `nonsense` to object, which is no rule of R3"),
    ],
)
def test_a_wrong_marker_is_told_in_a_sentence(pytester: pytest.Pytester, marker: str, said: str) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    done = run(pytester)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([said])


def test_a_secret_in_an_observation_is_not_printed(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("""
        import pytest
        from checks.core.tests.sample_run import SampleKept, kept_violations

        @pytest.mark.check("R3")
        def test_it(evidence):
            evidence.hide("correct-" + "horse")
            seen = evidence.saw(SampleKept(written=("correct-" + "horse",), read_back=()))
            assert kept_violations(seen) == []
    """)
    done = run(pytester)
    assert "correct-horse" not in done.stdout.str()
    assert Path(pytester.path, "evidence", "latest").is_dir()
    assert report(pytester).verdict is Verdict.VIOLATED


@pytest.fixture
def workers(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda *options: suite.runpytest_subprocess(*PLUGIN, "-n", "2", *options)


def test_workers_leave_one_folder(suite: pytest.Pytester, workers: Workers) -> None:
    workers("-m", "check", "-k", "kept or lost or crashed")
    (requirement,) = report(suite).requirements
    assert {check.name.partition("::test_")[2]: check.verdict for check in requirement.checks} == {
        "kept": Verdict.PROVEN,
        "lost": Verdict.VIOLATED,
        "crashed": Verdict.UNDECIDED,
    }
    assert requirement.note == "only 3 of its 11 checks were selected"
    assert {check.worker for check in requirement.checks} <= {"gw0", "gw1"}


def test_what_a_worker_hides_is_searched_for_at_the_end(suite: pytest.Pytester, workers: Workers) -> None:
    suite.makepyfile("""
        import pytest
        from checks.core.tests.sample_run import KEPT

        @pytest.mark.check("R3")
        def test_it(evidence):
            evidence.saw(KEPT)
            evidence.keep("early.log", "correct-" + "horse")
            evidence.hide("correct-" + "horse")
    """)
    workers("-m", "check", "-k", "test_it")
    assert report(suite).reasons == ("a secret of the run stands in `early.log`",)


def test_a_worker_that_crashes_makes_the_run_undecided(suite: pytest.Pytester, workers: Workers) -> None:
    suite.makepyfile("""
        import os
        import pytest

        @pytest.mark.check("R3")
        def test_it(evidence):
            os._exit(1)
    """)
    workers("-m", "check", "-k", "test_it")
    assert report(suite).verdict is Verdict.UNDECIDED
    assert report(suite).reasons[0].startswith("worker gw")


def test_workers_need_to_be_told_that_checks_are_to_run(workers: Workers) -> None:
    done = workers("-k", "kept")
    assert "checks in several workers are asked for with `-m check` or `-m mutation`" in done.stdout.str()


def test_the_time_spent_waiting_is_told_from_the_rest(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        import pytest
        from checks.core.tests.sample_run import KEPT
        from stack.driver import wait

        @pytest.mark.check("R3")
        def test_it(evidence):
            evidence.saw(KEPT)
            wait.until(lambda: None, lambda _: False, within=0.2, every=0.05)
    """)
    run(suite, "-k", "test_it")
    (check,) = report(suite).requirements[0].checks
    assert 0.05 <= check.waiting_seconds <= check.seconds  # at least one of its sleeps, however long that took


def test_a_violation_seen_while_the_engine_went_away_is_none(suite: pytest.Pytester) -> None:
    suite.makeconftest("""
        from checks.harness import plugin

        def pytest_configure(config):
            config.stash[plugin.STILL_THERE] = lambda: False
    """)
    run(suite, "-k", "lost")
    assert report(suite).verdict is Verdict.UNDECIDED
    assert report(suite).reasons == (plugin.ENGINE_WENT,)


WAIVING = """
    import pytest
    from checks.core import catalog
    from checks.core.tests.sample_run import KEPT, LOST, kept_violations
    from checks.core.waiver import Waiver
    from checks.harness import waivers

    @pytest.fixture(autouse=True)
    def told(evidence_folder):
        told = Waiver(rule="{rule}", reason="for now", until="{until}")
        waivers.record(evidence_folder, (told,), catalog.read())

    @pytest.mark.check("R3")
    def test_lost(evidence):
        assert kept_violations(evidence.saw(LOST)) == []
"""


@pytest.mark.parametrize(
    ("rule", "until", "verdict", "told", "exit_code"),
    [
        ("restart-keeps", "2999-12-31", Verdict.WAIVED, "*1 xfailed*", pytest.ExitCode.OK),
        ("restart-keeps", "2000-01-01", Verdict.VIOLATED, "*1 failed*", pytest.ExitCode.TESTS_FAILED),
        ("target-up", "2999-12-31", Verdict.VIOLATED, "*1 failed*", pytest.ExitCode.TESTS_FAILED),
    ],
)
def test_what_is_waived_fails_no_run(
    pytester: pytest.Pytester, rule: str, until: str, verdict: Verdict, told: str, exit_code: pytest.ExitCode
) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(test_suite=WAIVING.replace("{rule}", rule).replace("{until}", until))
    done = run(pytester, "-m", "check")
    done.stdout.fnmatch_lines([told])
    assert (report(pytester).verdict, done.ret) == (verdict, exit_code)


def test_a_waiver_of_no_rule_makes_a_run_doubtful(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(test_suite=WAIVING.replace("{rule}", "restart-kept").replace("{until}", "2999-12-31"))
    run(pytester, "-m", "check")
    told = "the profile waives `restart-kept`, which is no rule"
    assert any(reason.startswith(told) for reason in report(pytester).reasons)


RUNNERS = """
    import pytest
    from checks.core.tests.sample_run import KEPT, LOST, kept_violations

    @pytest.mark.check("R3")
    def test_everywhere(evidence):
        assert kept_violations(evidence.saw(KEPT)) == []

    @pytest.mark.check("R3", runner="swarm")
    def test_on_swarm(evidence):
        assert kept_violations(evidence.saw(LOST)) == []

    @pytest.mark.check("R4", runner="compose")
    def test_with_compose(evidence):
        assert kept_violations(evidence.saw(KEPT)) == []
"""


@pytest.mark.parametrize(
    ("options", "planned", "others"),
    [
        ((), ["everywhere", "with_compose"], "--runner swarm` alone are not applicable: 1 of R3"),
        (("--runner=swarm",), ["everywhere", "on_swarm"], "--runner compose` alone are not applicable: 1 of R4"),
    ],
)
def test_rules_of_another_runner_are_told_of_once(
    suite: pytest.Pytester, options: tuple[str, ...], planned: list[str], others: str
) -> None:
    for file in suite.path.glob("test_*.py"):
        file.unlink()
    suite.makepyfile(test_declared=RUNNERS)
    run(suite, "-m", "check", "--tier=declared", *options)
    told = report(suite).run
    assert told
    assert [one.name.rpartition("::test_")[2] for one in told.planned] == planned
    assert told.left_out == ()
    assert [note for note in told.notes if others in note] == list(told.notes)
    assert len(told.notes) == 1


@pytest.mark.parametrize("options", [("-m", "check"), ("-m", "mutation", "--tier=declared")])
def test_what_swarm_cannot_be_asked_yet_is_refused(suite: pytest.Pytester, options: tuple[str, ...]) -> None:
    assert run(suite, "--runner=swarm", *options).ret is pytest.ExitCode.USAGE_ERROR
