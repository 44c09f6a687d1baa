"""A copy of an append-only file is of one moment whatever happens meanwhile; only a whole one is put back."""

import io
import os
import stat
import tarfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import pytest

from stack.ops.agents import aof_archive
from stack.ops.agents.aof_archive import BEFORE, UNFINISHED, AofCopyError, DamagedError

BASE, CHANGES, MANIFEST = "appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof", "appendonly.aof.manifest"
NAMES = f"file {BASE} seq 1 type b\nfile {CHANGES} seq 1 type i\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return redis_data(tmp_path / "data")


def redis_data(home: Path) -> Path:
    (home / "appendonlydir").mkdir(parents=True)
    for name, text in ((BASE, "base"), (CHANGES, "changes"), (MANIFEST, NAMES)):
        (home / "appendonlydir" / name).write_text(text)
    return home


def contents(home: Path) -> dict[str, str]:
    """What is there, but for what a restore kept of before."""
    files = [path for path in home.rglob("*") if path.is_file() and BEFORE not in path.parent.name]
    return {str(path.relative_to(home)): path.read_text() for path in files}


def taken(home: Path) -> bytes:
    out = io.BytesIO()
    aof_archive.take([home], out)
    return out.getvalue()


def put_back(home: Path, backup: bytes) -> Path | None:
    return aof_archive.put_back([home], io.BytesIO(backup))


def changed(backup: bytes, change: Callable[[dict[str, bytes]], None], kind: bytes = tarfile.REGTYPE) -> bytes:
    """The backup with other members, each of this kind."""
    with tarfile.open(fileobj=io.BytesIO(backup)) as tar:
        members = {one.name: content.read() for one in tar if (content := tar.extractfile(one))}
    change(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in members.items():
            one = aof_archive.member(name, len(text))
            one.type = kind
            tar.addfile(one, io.BytesIO(text))
    return out.getvalue()


def test_what_was_taken_is_put_back(data: Path) -> None:
    before, backup = contents(data), taken(data)
    (data / "appendonlydir" / CHANGES).write_text("other changes")
    (data / "appendonlydir" / "appendonly.aof.2.incr.aof").write_text("more")
    put_back(data, backup)
    assert contents(data) == before


def test_a_single_file_of_before_redis_7_is_told(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_text("changes")
    with pytest.raises(AofCopyError, match=r"appendonly\.aof is of a Redis before 7"):
        taken(tmp_path)


def test_it_is_put_back_where_there_is_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert put_back(tmp_path / "new", taken(data)) is None
    assert contents(tmp_path / "new") == contents(data)


@pytest.mark.parametrize("gone", [(), (MANIFEST,), (CHANGES,), (BASE, CHANGES, MANIFEST)])
def test_what_was_there_is_kept_however_damaged(data: Path, gone: tuple[str, ...]) -> None:
    backup, before = taken(data), contents(data)
    for name in gone:
        (data / "appendonlydir" / name).unlink()
    kept = put_back(data, backup)
    assert kept is not None
    assert sorted(path.name for path in kept.iterdir()) == sorted({BASE, CHANGES, MANIFEST} - set(gone))
    assert contents(data) == before
    assert aof_archive.manifest_below([data]) == data / "appendonlydir" / MANIFEST


@pytest.mark.parametrize("at", ["exchange", "rename", "chown"])
def test_a_restore_that_fails_at_any_step_leaves_one_whole_file(
    data: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    backup, before = taken(data), contents(data)

    def refused(*_: object) -> None:
        raise OSError(f"no {at}")

    owner = {"exchange": aof_archive, "rename": Path, "chown": os}[at]
    monkeypatch.setattr(owner, at, refused)
    with pytest.raises(OSError, match=f"no {at}"):
        put_back(data, backup)
    assert contents(data) == before


def test_files_are_owned_and_open_as_those_that_were_there(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, uid, _: given.append((Path(path).name, uid)))
    (data / "appendonlydir").chmod(0o770)
    put_back(data, taken(data))
    uid = (data / "appendonlydir").stat().st_uid
    assert sorted(given) == sorted((name, uid) for name in (BASE, CHANGES, MANIFEST, UNFINISHED))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (data / "appendonlydir").iterdir()}
    assert (stat.S_IMODE((data / "appendonlydir").stat().st_mode), modes) == (0o770, {0o660})


def test_what_is_appended_meanwhile_is_not_in_it(data: Path) -> None:
    with (data / "appendonlydir" / CHANGES).open("rb") as file:
        copy = aof_archive.Copy(file)
        (data / "appendonlydir" / CHANGES).write_text("changes and one torn in the mid")
        assert (copy.size, copy.read(4), copy.read(100), copy.read(1)) == (7, b"chan", b"ges", b"")


def rewrite(home: Path) -> None:
    """What Redis does at the end of a rewrite: the manifest names new files, and the old ones go."""
    for name in ("appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof"):
        (home / "appendonlydir" / name).write_text(f"new {name}")
    aside = home / "appendonlydir" / f"temp-{MANIFEST}"
    aside.write_text(NAMES.replace(".1.", ".2."))
    aside.replace(home / "appendonlydir" / MANIFEST)
    (home / "appendonlydir" / BASE).unlink()
    (home / "appendonlydir" / CHANGES).unlink()


@pytest.mark.parametrize("after", [BASE, CHANGES])
def test_a_rewrite_that_ends_while_files_are_opened_is_seen(
    data: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """Right after one of the old files was opened: the other may be gone by then, or the manifest another."""
    opens: Any = Path.open
    done: list[Path] = []

    def opening(path: Path, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever Path.open takes
        file = opens(path, *arguments, **options)
        if path.name == after and not done:
            done.append(path)
            rewrite(data)
        return file

    monkeypatch.setattr(Path, "open", opening)
    backup = taken(data)
    monkeypatch.undo()
    aof_archive.read(io.BytesIO(backup))
    with tarfile.open(fileobj=io.BytesIO(backup)) as tar:
        assert "appendonlydir/appendonly.aof.2.base.rdb" in tar.getnames()
        assert f"appendonlydir/{BASE}" not in tar.getnames()


def test_what_a_rewrite_removes_afterwards_is_still_in_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, opened = contents(data), aof_archive.opened

    def then_rewritten(manifest: Path, cleanup: ExitStack) -> dict[str, IO[bytes]]:
        files = opened(manifest, cleanup)
        rewrite(data)
        return files

    monkeypatch.setattr(aof_archive, "opened", then_rewritten)
    backup = taken(data)
    put_back(data, backup)
    assert contents(data) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda members: members.update({f"appendonlydir/{CHANGES}": b"chances"}), "not those that it was made of"),
        (lambda members: members.pop(f"appendonlydir/{BASE}"), "not those that it was made of"),
        (lambda members: members.pop("SHA256SUMS"), "it breaks off"),
        (lambda members: members.clear(), "a file is missing that its manifest names"),
        (lambda members: members.update({"../outside": b""}), "in no place of an append-only file"),
        (lambda members: members.update({"/etc/passwd": b""}), "in no place of an append-only file"),
        (lambda members: members.update({"appendonlydir/below/file": b""}), "in no place of an append-only file"),
        (lambda members: members.update({"another/file": b""}), "in no place of an append-only file"),
        (lambda members: members.update({"/x.manifest": b""}), "in no place of an append-only file"),
        (lambda members: members.update({".restoring/x.manifest": b""}), "in no place of an append-only file"),
        (lambda members: members.update({"./x": b""}), "in no place of an append-only file"),
    ],
)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    data: Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    before, backup = contents(data), changed(taken(data), change)
    with pytest.raises(DamagedError, match=told):
        put_back(data, backup)
    with pytest.raises(DamagedError, match=told):
        aof_archive.read(io.BytesIO(backup))
    assert contents(data) == before
    assert sorted(path.name for path in data.iterdir()) == ["appendonlydir"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_nothing_but_files_is_taken_from_a_backup(data: Path, kind: bytes) -> None:
    with pytest.raises(DamagedError):
        put_back(data, changed(taken(data), lambda _: None, kind))


@pytest.mark.parametrize("bytes_left", [0, 1, 600, 3000])
def test_a_backup_that_was_cut_off_is_refused(data: Path, bytes_left: int) -> None:
    before = contents(data)
    with pytest.raises(DamagedError):
        put_back(data, taken(data)[:bytes_left])
    assert contents(data) == before


def test_a_manifest_that_names_what_is_not_there_is_refused(data: Path) -> None:
    backup = taken(data).replace(b"file appendonly.aof.1.incr.aof", b"file appendonly.aof.9.incr.aof")
    with pytest.raises(DamagedError):
        put_back(data, backup)


def test_a_place_that_is_not_clear_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(AofCopyError, match="which one"):
        aof_archive.take([data, redis_data(tmp_path / "other")], io.BytesIO())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(AofCopyError, match="None holds its files"):
        aof_archive.put_back([tmp_path / "a", tmp_path / "b"], io.BytesIO(taken(data)))


@pytest.mark.parametrize(("gone", "told"), [(MANIFEST, "with a manifest is in"), (CHANGES, "names it")])
def test_damaged_data_are_not_taken_for_a_backup(data: Path, gone: str, told: str) -> None:
    (data / "appendonlydir" / gone).unlink()
    with pytest.raises(AofCopyError, match=told):
        taken(data)


def test_a_manifest_that_names_nothing_is_no_backup(data: Path) -> None:
    (data / "appendonlydir" / MANIFEST).write_text("")
    with pytest.raises(AofCopyError, match="names no file"):
        taken(data)


def test_a_quoted_name_is_read_as_redis_writes_it() -> None:
    manifest = b'file "a b\\"\\x01.1.base.rdb" seq 1 type b\nfile c.1.incr.aof seq 1 type i startoffset 9\n'
    assert aof_archive.named_in(manifest) == ['a b"\x01.1.base.rdb', "c.1.incr.aof"]
    assert aof_archive.named_in(manifest, "i") == ["c.1.incr.aof"]


def test_a_file_of_the_history_is_none_of_the_data() -> None:
    manifest = b"file a.4.base.rdb seq 4 type b\nfile a.3.incr.aof seq 3 type h\nfile a.4.incr.aof seq 4 type i\n"
    assert aof_archive.named_in(manifest) == ["a.4.base.rdb", "a.4.incr.aof"]


def test_what_a_killed_restore_left_is_no_obstacle(data: Path) -> None:
    before, backup = contents(data), taken(data)
    (data / UNFINISHED).mkdir()
    (data / UNFINISHED / MANIFEST).write_text(NAMES)
    put_back(data, backup)
    assert contents(data) == before
