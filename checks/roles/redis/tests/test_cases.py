"""Append-only files as Redis leaves them in data directories: which of them a backup must take."""

from pathlib import Path

from checks.core.tests.cases import Case, accepted, parametrized
from stack.ops.agents.aof_archive import AofCopyError, live, named_in

CASES = Path(__file__).parent / "cases"


@parametrized(CASES, "aof-named")
def test_a_manifest_names_files_as_they_are_called(case: Case) -> None:
    text = case["text"].encode()
    base, changes = (", ".join(named_in(text, kind)) for kind in "bi")
    assert f"base: {base}; incr: {changes}" in accepted(case)


@parametrized(CASES, "aof-found")
def test_the_live_append_only_file_is_found(case: Case, tmp_path: Path) -> None:
    for name, content in case["files"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    try:
        found = ", ".join(sorted(str(path.relative_to(tmp_path)) for path in live([tmp_path]))) or "refused"
    except AofCopyError:
        found = "refused"
    assert found in accepted(case)
