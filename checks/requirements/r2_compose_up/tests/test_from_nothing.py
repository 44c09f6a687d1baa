"""A copy that brought data along does not come up from nothing: that is told before anything starts."""

from pathlib import Path

import pytest

from checks.requirements.r2_compose_up.observe import come_up_from_nothing
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError


@pytest.mark.parametrize("name", ["data/appendonlydir/appendonly.aof.1.incr.aof", "dump.rdb"])
def test_earlier_data_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("")
    stack = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, {"services": {}})
    with pytest.raises(SubjectError, match=f"earlier data in it \\({name}\\)"):
        come_up_from_nothing(stack)
