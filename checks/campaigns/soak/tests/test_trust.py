"""Campaigns do for a stranger's project what `compliance` does: nothing that nobody allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.campaigns.fault_matrix import __main__ as fault_matrix
from checks.campaigns.soak import __main__ as soak

CAMPAIGNS: dict[str, Callable[[list[str]], int]] = {"fault matrix": fault_matrix.main, "soak": soak.main}
REFUSED = 10


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text("services: { web: { image: x, privileged: true, pid: host } }")
    return tmp_path


@pytest.mark.parametrize("main", CAMPAIGNS.values(), ids=CAMPAIGNS)
@pytest.mark.parametrize("allowed", [[], ["--allow", "privileged"]])
def test_what_nobody_allowed_is_refused(
    main: Callable[[list[str]], int], allowed: list[str], hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", str(hostile), *allowed]) == REFUSED
    said = capsys.readouterr().err
    assert "services.web.pid: host (host-namespaces)" in said
    assert ("(privileged)" in said) == (not allowed)
    assert [path.name for path in hostile.iterdir()] == ["compose.yaml"]


@pytest.mark.parametrize("main", CAMPAIGNS.values(), ids=CAMPAIGNS)
def test_a_kind_that_is_none_is_told(main: Callable[[list[str]], int], hostile: Path) -> None:
    assert main(["--stack", str(hostile), "--allow", "everything"]) == 3
