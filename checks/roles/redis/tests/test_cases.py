"""Append-only files as Redis leaves them in data directories: which of them a backup must take."""

from pathlib import Path

from checks.core.tests.cases import Case, accepted, parametrized
from stack.ops.agents.aof_archive import manifest_below, named_in

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
    manifest = manifest_below([tmp_path])
    assert manifest is not None
    files = (manifest.name, *named_in(manifest.read_bytes()))
    assert ", ".join(sorted(str(manifest.parent.relative_to(tmp_path) / name) for name in files)) in accepted(case)
