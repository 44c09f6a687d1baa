"""Credentials are made whole, once, for their readers only, and damaged ones are not used."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.driver.errors import SecretsError
from stack.ops.secrets import ACL_FILE, LOGINS, Login, ensure, refuse_damaged, users_acl

OWNERS = {"api": os.geteuid(), "redis": os.geteuid()}
APP = "redis-app-password"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    ensure(tmp_path / "secrets", OWNERS)
    return tmp_path / "secrets"


def put(path: Path, content: bytes, mode: int = 0o400) -> None:
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_each_login_has_a_file_that_only_its_reader_can_read(made: Path) -> None:
    assert set(contents(made)) == {ACL_FILE, *(login.file for login in LOGINS)}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o400}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_no_two_passwords_are_the_same_in_one_stack_or_in_two(made: Path, tmp_path: Path) -> None:
    ensure(tmp_path / "others", OWNERS)
    passwords = [contents(folder)[login.file] for folder in (made, tmp_path / "others") for login in LOGINS]
    assert len(set(passwords)) == 2 * len(LOGINS)
    assert min(map(len, passwords)) >= 32


def test_redis_is_told_digests_and_never_a_password(made: Path) -> None:
    found = contents(made)
    acl = found.pop(ACL_FILE)
    for password in found.values():
        assert password not in acl
        assert f" on #{hashlib.sha256(password.encode()).hexdigest()} " in acl


def test_the_acl_file_has_default_off_and_a_line_a_login() -> None:
    first, *others = users_acl({login.name: login.name for login in LOGINS}).splitlines()
    assert first == "user default off resetpass resetkeys resetchannels -@all"
    assert [line.split()[:3] for line in others] == [["user", login.name, "on"] for login in LOGINS]
    assert all(" resetchannels " in line and " -@all +" in line for line in others)


def test_no_login_may_do_everything() -> None:
    granted = {word for login in LOGINS for word in login.rules.split()}
    assert not granted & {"+@all", "~*", "&*", "allkeys", "allcommands", "allchannels", "nopass"}
    assert not any(word.startswith("+@") for word in granted)


def test_whole_secrets_are_kept_as_they_are(made: Path) -> None:
    before = contents(made)
    ensure(made, OWNERS)
    assert contents(made) == before


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        (lambda folder: (folder / APP).unlink(), f"{APP} cannot be read: FileNotFoundError"),
        (lambda folder: (folder / ACL_FILE).unlink(), f"{ACL_FILE} cannot be read: FileNotFoundError"),
        (lambda folder: put(folder / APP, b""), f"{APP} is empty"),
        (lambda folder: put(folder / APP, b" \n"), f"{APP} is empty"),
        (lambda folder: put(folder / ACL_FILE, b""), f"{ACL_FILE} is empty"),
        (lambda folder: put(folder / APP, b"another"), f"{ACL_FILE} says something else of `user app`"),
        (lambda folder: put(folder / APP, b"\xff\xfe"), f"{APP} cannot be read: UnicodeDecodeError"),
        (
            lambda folder: put(folder / ACL_FILE, b"user default on nopass\n"),
            f"{ACL_FILE} says something else of `user default`",
        ),
        (lambda folder: (folder / APP).chmod(0o440), f"{APP} is open to others (mode 0440, not 0400)"),
        (lambda folder: (folder / ACL_FILE).chmod(0o404), f"{ACL_FILE} is open to others (mode 0404"),
    ],
)
def test_damaged_secrets_are_refused_with_what_was_seen(
    made: Path, damage: Callable[[Path], object], seen: str
) -> None:
    damage(made)
    with pytest.raises(SecretsError) as refused:
        ensure(made, OWNERS)
    (told,) = refused.value.details
    assert told.startswith(seen)
    assert "`invoke down`" in refused.value.hint


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_each_login_is_looked_at(made: Path, login: Login) -> None:
    put(made / login.file, b"another")
    with pytest.raises(SecretsError):
        refuse_damaged(made)


def test_a_damaged_secret_is_not_told(made: Path) -> None:
    password = (made / APP).read_text()
    (made / APP).chmod(0o444)
    with pytest.raises(SecretsError) as refused:
        refuse_damaged(made)
    assert password not in str(refused.value)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("")
    with pytest.raises(SecretsError):
        ensure(tmp_path / "secrets", OWNERS)


def test_a_half_made_folder_is_not_left_behind(tmp_path: Path) -> None:
    (tmp_path / "secrets").symlink_to("nowhere")  # a folder cannot be moved onto it
    with pytest.raises(SecretsError, match="could not be written"):
        ensure(tmp_path / "secrets", OWNERS)
    assert [path.name for path in tmp_path.iterdir()] == ["secrets"]
