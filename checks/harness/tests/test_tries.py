"""A check that is late while the machine starves is tried once more, alone; everything else is tried once.

What the machine does is made up: of each of its tries, a suite says whether it starved.
"""

import json
import subprocess

import pytest
import redis
import requests

from checks.core.judging import judged_folder
from checks.core.results import JudgedCheck, JudgedMutation
from checks.core.run import OUTCOMES
from checks.core.tests.sample_run import healed_violations, kept_violations
from checks.core.verdict import Verdict
from checks.harness.endings import ran_out_of_time
from checks.harness.tests.test_plugin import INI, PLUGIN
from stack import ROOT
from stack.driver.errors import NotHealthyError, StackError

pytest_plugins = ["pytester"]
JUDGES = (healed_violations, kept_violations)  # which judge here what the suites stored

CONFTEST = """
    import json, pathlib, time
    import pytest
    from checks.core.tests.sample_run import QUIET, STARVED
    from checks.harness import plugin, pressure, tries, turns

    STARVES = {starves}
    tries.WINDOW_SECONDS = 0.01
    turns.PATIENCE_SECONDS = {patience}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(session):
        if plugin.TRIES in session.config.stash:
            made = session.config.stash[plugin.TRIES]
            made.gauge.measured = lambda: STARVED if made.attempt in STARVES else QUIET

    @pytest.fixture
    def attempt(pytestconfig):
        return pytestconfig.stash[plugin.TRIES].attempt

    @pytest.fixture
    def clocked(request):
        began = time.time()
        yield
        with pathlib.Path(__file__).with_name("clock").open("a") as file:
            file.write(json.dumps([request.node.name, began, time.time()]) + "\\n")
"""
SUITE = """
    import time
    import pytest
    from dataclasses import replace
    from checks.core.tests.sample_run import FROZEN, HEALED, KEPT, LOST, healed_violations, kept_violations
    from stack.driver.errors import NotHealthyError

    @pytest.mark.check("R9")
    def test_late_at_first(evidence, attempt):
        assert healed_violations(evidence.saw(FROZEN if attempt == 1 else HEALED)) == []

    @pytest.mark.check("R9")
    def test_late_always(evidence):
        assert healed_violations(evidence.saw(FROZEN)) == []

    @pytest.mark.check("R3")
    def test_lost_at_first(evidence, attempt):
        assert kept_violations(evidence.saw(LOST if attempt == 1 else KEPT)) == []

    @pytest.fixture
    def stack(attempt):
        try:
            if attempt == 1:
                raise NotHealthyError("not healthy")
        except NotHealthyError as problem:
            pytest.fail(str(problem), pytrace=False)

    @pytest.mark.check("R9")
    def test_not_up_at_first(stack, evidence):
        assert healed_violations(evidence.saw(HEALED)) == []

    @pytest.mark.mutation("R3", objects="restart-keeps")
    def test_noticed_at_last(evidence, attempt):
        assert kept_violations(evidence.saw(KEPT if attempt == 1 else LOST)) != []
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini(INI)
    pytester.makepyfile(test_suite=SUITE)
    return pytester


def starving(
    suite: pytest.Pytester, *options: str, tries: tuple[int, ...], patience: float = 300.0
) -> pytest.RunResult:
    """Run it on a machine that starves in those tries."""
    suite.makeconftest(CONFTEST.format(starves=tries, patience=patience))
    return suite.runpytest_subprocess(*PLUGIN, "-m", "check or mutation", *options)


def found(suite: pytest.Pytester) -> JudgedCheck | JudgedMutation:
    (requirement,) = judged_folder(suite.path / "evidence" / "latest").requirements
    every: list[JudgedCheck | JudgedMutation] = [*requirement.checks, *requirement.mutations]
    (one,) = every
    return one


def verdict(suite: pytest.Pytester) -> Verdict:
    return judged_folder(suite.path / "evidence" / "latest").verdict


def attempts(suite: pytest.Pytester) -> int:
    (line,) = (suite.path / "evidence" / "latest" / OUTCOMES).read_text().splitlines()
    return 1 + len(json.loads(line)["earlier"])


def test_what_the_second_try_says_counts(suite: pytest.Pytester) -> None:
    done = starving(suite, "-k", "late_at_first", tries=(1,))
    done.assert_outcomes(passed=1)
    assert verdict(suite) is Verdict.PROVEN
    assert "82 %" in str(found(suite).first_try)


def test_late_in_a_quiet_second_try_is_violated(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "late_always", tries=(1,)).assert_outcomes(failed=1)
    assert verdict(suite) is Verdict.VIOLATED
    assert attempts(suite) == 2


def test_still_starved_is_undecided(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "late_always", tries=(1, 2), patience=0.5)
    assert verdict(suite) is Verdict.UNDECIDED
    assert attempts(suite) == 2
    assert str(found(suite).reason).endswith("82 % of the time; alone, it was no better")


def test_without_patience_there_is_no_second_try(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "late_always", tries=(1, 2), patience=0.0).assert_outcomes(failed=1)
    assert verdict(suite) is Verdict.UNDECIDED
    assert attempts(suite) == 1


def test_on_a_quiet_machine_late_is_violated_at_once(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "late_at_first", tries=()).assert_outcomes(failed=1)
    assert verdict(suite) is Verdict.VIOLATED
    assert attempts(suite) == 1


def test_a_rule_that_is_not_about_time_has_one_try(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "lost_at_first", tries=(1, 2))
    assert verdict(suite) is Verdict.VIOLATED
    assert attempts(suite) == 1


def test_a_stack_that_was_not_up_in_time_is_tried_again(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "not_up", tries=(1,)).assert_outcomes(passed=1)
    assert verdict(suite) is Verdict.PROVEN
    assert str(found(suite).first_try).startswith("out of time: in setup: error: not healthy")


def test_a_mutation_is_tried_again(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "noticed_at_last", tries=(1,)).assert_outcomes(passed=1)
    assert attempts(suite) == 2
    assert found(suite).reason is None


def test_a_second_try_has_no_other_check_beside_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_suite="""
        import time
        import pytest
        from checks.core.tests.sample_run import FROZEN, HEALED, healed_violations

        @pytest.mark.check("R9")
        def test_late(evidence, attempt, clocked):
            time.sleep(0.3)
            assert healed_violations(evidence.saw(FROZEN if attempt == 1 else HEALED)) == []

        @pytest.mark.parametrize("number", range(6))
        @pytest.mark.check("R9")
        def test_beside(evidence, clocked, number):
            time.sleep(0.4)
            assert healed_violations(evidence.saw(HEALED)) == []
        """
    )
    starving(suite, "-n", "2", "--maxschedchunk", "1", tries=(1,)).assert_outcomes(passed=7)
    times = [json.loads(line) for line in (suite.path / "clock").read_text().splitlines()]
    (_, (_, began, ended)) = sorted(one for one in times if one[0] == "test_late")
    beside = [one for one in times if one[0] != "test_late"]
    assert len(beside) == 6
    assert all(others_end <= began or others_begin >= ended for _, others_begin, others_end in beside)


def test_the_pressure_over_the_run_is_kept(suite: pytest.Pytester) -> None:
    starving(suite, "-k", "late_at_first", tries=())
    run = judged_folder(suite.path / "evidence" / "latest").run
    assert run is not None
    assert run.pressure is not None
    assert not (suite.path / "evidence" / "latest" / ".turns").exists()


@pytest.mark.parametrize(
    "problem",
    [
        NotHealthyError("late"),
        TimeoutError(),
        subprocess.TimeoutExpired("docker", 5),
        requests.ReadTimeout(),
        requests.ConnectTimeout(),
        redis.TimeoutError(),
    ],
)
def test_a_limit_of_ours_is_known_wherever_it_came_from(problem: Exception) -> None:
    assert ran_out_of_time(problem)
    outer = RuntimeError("outer")
    outer.__context__ = problem
    assert ran_out_of_time(outer)


@pytest.mark.parametrize("problem", [StackError("no"), ConnectionRefusedError(), AssertionError(), None])
def test_what_is_no_limit_is_none(problem: BaseException | None) -> None:
    assert not ran_out_of_time(problem)
