"""What a power cut is worth without a control that loses something; and why there may be none."""

import subprocess
from dataclasses import replace

import pytest

from checks.faults import disk
from checks.faults.disk import Disk, NoDiskError
from checks.requirements.r3_durability.observe.power_cut import conclusive
from checks.requirements.r3_durability.samples.power_cut import CUT, LOST, SURVIVED
from stack.driver.errors import EngineError, StackError


def test_controls_that_lose_make_it_conclusive() -> None:
    conclusive(CUT)


def test_a_control_that_loses_nothing_decides_nothing() -> None:
    with pytest.raises(StackError, match="2 power cuts cost nothing under `appendfsync no` either"):
        conclusive(replace(CUT, controls={"everysec": (SURVIVED, LOST), "no": (SURVIVED, SURVIVED)}))


def helper_that(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    "said",
    [
        "docker: Error response from daemon: authorization denied by plugin no-privileges: privileged is not allowed.",
        "docker: Error response from daemon: privileged mode is incompatible with user namespaces.",
        "PermissionError: [Errno 1] Operation not permitted: '/dev/loop-control'",
    ],
)
def test_an_engine_that_refuses_privileges_has_no_disk(said: str) -> None:
    with helper_that(f'echo "{said}" >&2; exit 125') as helper, pytest.raises(NoDiskError) as refused:
        Disk(helper)
    assert said in refused.value.details[-1]


def test_an_engine_that_is_gone_is_told_as_that() -> None:
    said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    with helper_that(f'echo "{said}" >&2; exit 125') as helper, pytest.raises(EngineError):
        Disk(helper)


def test_a_helper_that_ends_in_the_middle_is_told() -> None:
    with helper_that('echo \'{"device": "/dev/loop7"}\'; echo killed >&2') as helper:
        provided = Disk(helper)
        assert provided.device == "/dev/loop7"
        with pytest.raises(StackError, match="go on with a disk of ours"):
            provided.renew()


def test_what_the_helper_refuses_is_raised() -> None:
    with helper_that(
        'echo \'{"device": "/dev/loop7"}\'; read ask; echo \'{"error": "the power is not cut"}\''
    ) as helper:
        with pytest.raises(StackError, match="the power is not cut"):
            Disk(helper).cut(1)
        assert disk.POWER.startswith('"""Runs in a helper container')
