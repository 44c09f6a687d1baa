"""What must object when a power cut takes acknowledged writes; and the guard of the cut itself."""

import pytest

from checks import test_r3_power_cut
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken
from checks.test_r3_power_cut import Moment, PowerCuts
from stack.driver.project import Stack


def cut_while(moment: Moment, stack: Stack) -> PowerCuts:
    return test_r3_power_cut.cut_the_power(stack, moments=(moment,) * test_r3_power_cut.TRIES, policies=())


@pytest.mark.control("R3", objects="power-cut-keeps")
def test_fsync_every_second_is_noticed_by_a_power_cut(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(cut_while(Moment.WRITING, broken(sabotages.fsync_every_second)))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost for cut in seen.cuts)


@pytest.mark.control("R3", objects="power-cut-keeps")
def test_fsync_that_the_kernel_swallows_is_noticed_by_a_power_cut(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(cut_while(Moment.WRITING, broken(sabotages.fsync_swallowed)))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost or not cut.back for cut in seen.cuts)  # what names the files may not have been kept either


@pytest.mark.control("R3", objects="power-cut-keeps")
def test_fsync_suspended_by_rewrites_is_noticed_by_a_power_cut(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(cut_while(Moment.REWRITE, broken(sabotages.fsync_suspended_by_rewrites)))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost for cut in seen.cuts)


@pytest.mark.control("R3", objects="power-cut-keeps")
def test_an_api_that_acknowledges_first_is_noticed_by_a_power_cut(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(cut_while(Moment.WRITING, broken(sabotages.acknowledged_before_it_is_stored)))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost_through_api for cut in seen.cuts)
    assert all(cut.lost == cut.lost_through_api for cut in seen.cuts)


@pytest.mark.control("R3", objects="power-cut-keeps")
def test_an_api_that_stores_later_until_it_works_is_noticed_by_a_power_cut(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(cut_while(Moment.WRITING, broken(sabotages.stored_later_until_it_works)))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost_through_api for cut in seen.cuts)
