"""What Compose complains of is found in the files."""

from pathlib import Path

import pytest

from checks.requirements.r2_compose_up.complaints import first_place
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved

COMPOSE = """\
# version: "3" and ${TAG} and .env stood here
version: "3"
services:
  web:
    image: shop/web:${TAG}
    env_file:
      - ./.env   # of the operator
"""


@pytest.mark.parametrize(
    ("complaint", "line"),
    [
        ("compose.yaml: the attribute `version` is obsolete, it will be ignored", 2),
        ('The "TAG" variable is not set. Defaulting to a blank string.', 5),
        ("required variable TAG is missing a value: say which", 5),
        ("env file .env not found: stat .env: no such file or directory", 7),
        ("yaml: line 6: did not find expected key", 6),
        ('The "OTHER" variable is not set. Defaulting to a blank string.', None),
        ("something else", None),
    ],
)
def test_a_complaint_has_its_line(complaint: str, line: int | None, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    files = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, {"services": {}})
    found = first_place(files, ["something else", complaint])
    assert (str(found) if found else None) == (f"compose.yaml:{line}" if line else None)
