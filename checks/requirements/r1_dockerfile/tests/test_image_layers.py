"""The layers of an image are read as `docker save` writes them, and laid over one another as a container sees them."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.requirements.r1_dockerfile import image_layers, image_secrets, observe
from checks.requirements.r1_dockerfile.image_layers import Saved
from stack.driver.errors import StackError

SECRET = b"canary-0123"


def tar(files: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def image(folder: Path, *contents: Mapping[str, bytes], mode: int = 0o644) -> Saved:
    blobs = {f"blobs/{number}": tar(files, mode) for number, files in enumerate(contents)}
    manifest = json.dumps([{"Config": "config", "Layers": [*blobs]}]).encode()
    (folder / "image.tar").write_bytes(tar(blobs | {"manifest.json": manifest}))
    return Saved(reference="shop:1", layers=tuple(image_layers.read(folder / "image.tar", {"id_rsa": SECRET})))


def test_an_upper_layer_replaces_and_removes(tmp_path: Path) -> None:
    seen = image(
        tmp_path,
        {"./a/one": b"1", "a/two": b"2", "b/three": b"3", "c": b"4"},
        {"a/.wh.one": b"", "b/.wh..wh..opq": b"", "b/new": b"5", "c": b"6"},
    )
    assert sorted(seen.files) == ["a/two", "b/new", "c"]
    assert seen.files["c"].sha256 == seen.layers[1].files["c"].sha256 != seen.layers[0].files["c"].sha256


def test_a_folder_is_removed_with_all_below_and_nothing_beside(tmp_path: Path) -> None:
    assert sorted(image(tmp_path, {"a/one": b"", "ab": b""}, {".wh.a": b""}).files) == ["ab"]


def test_what_is_sought_is_found_though_a_layer_removed_it(tmp_path: Path) -> None:
    seen = image(tmp_path, {"app/copied": b"before " + SECRET + b" after"}, {"app/.wh.copied": b""})
    assert [layer.holding for layer in seen.layers] == [{"id_rsa": "app/copied"}, {}]


def test_the_text_of_a_file_is_the_uppermost(tmp_path: Path) -> None:
    assert image(tmp_path, {"etc/passwd": b"old"}, {"etc/passwd": b"new"}).text("etc/passwd") == "new"
    assert image(tmp_path, {"etc/passwd": b"old"}, {"etc/.wh.passwd": b""}).text("etc/passwd") == ""


@pytest.mark.parametrize("content", [b"", b"no tar", tar({"manifest.json": b"{"}), tar({"other": b""})])
def test_what_is_no_image_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    with pytest.raises(StackError, match="cannot be read"):
        tuple(image_layers.read(tmp_path / "image.tar", {}))


def test_two_images_are_compared_by_all_but_time(tmp_path: Path) -> None:
    one = image(tmp_path, {"same": b"1", "changed": b"2", "mine": b"3"})
    other = image(tmp_path, {"same": b"1", "changed": b"x", "its": b"3"})
    assert observe.compare(one, one).differing == ()
    assert observe.compare(one, other).differing == (
        "changed: sha256",
        "its: in one of them only",
        "mine: in one of them only",
    )
    assert observe.compare(one, image(tmp_path, {"same": b"1"}, mode=0o600)).differing[-1] == "same: mode"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("usr/bin/gcc", "tools"),
        ("usr/bin/x86_64-linux-gnu-gcc-14", "tools"),
        ("usr/local/bin/pip3.13", "tools"),
        ("usr/local/lib/python3.13/site-packages/pip/__init__.py", "tools"),
        ("usr/bin/ldd", ""),
        ("usr/bin/git-lookalike", ""),
        ("usr/share/doc/gcc", ""),
        ("var/cache/apt/archives/gcc.deb", "caches"),
        ("var/lib/apt/lists/deb.debian.org_dists_trixie_InRelease", "caches"),
        ("var/lib/apt/lists/lock", ""),
        ("var/cache/apk/APKINDEX.tar.gz", "caches"),
        ("root/.cache/pip/http/a", "caches"),
        ("app/.git/HEAD", "git"),
        (".git/config", "git"),
        ("app/.gitignore", ""),
    ],
)
def test_what_should_not_be_in_an_image_is_known_by_its_path(tmp_path: Path, path: str, kind: str) -> None:
    seen = observe.look_inside(image(tmp_path, {path: b"x"}))
    found = {"tools": seen.tools, "caches": seen.caches, "git": seen.git}
    assert {name for name, paths in found.items() if paths} == ({kind} if kind else set())


def test_a_removed_cache_counts_and_a_removed_tool_does_not(tmp_path: Path) -> None:
    seen = observe.look_inside(
        image(
            tmp_path, {"usr/bin/gcc": b"", "root/.cache/pip/x": b""}, {"usr/bin/.wh.gcc": b"", "root/.wh..cache": b""}
        )
    )
    assert (seen.tools, seen.caches) == ((), ("root/.cache/pip/x",))


@pytest.mark.parametrize(
    ("user", "uid"), [("", 0), ("root", 0), ("0:0", 0), ("app", 1000), ("app:app", 1000), ("10001:10001", 10001)]
)
def test_a_user_is_known_by_number_or_by_the_images_own_names(user: str, uid: int) -> None:
    assert observe._uid(user, "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n") == uid


def test_a_user_unknown_to_the_image_is_nobody_in_particular() -> None:
    assert observe._uid("app", "") is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("API_TOKEN=abcdef", ["API_TOKEN"]),
        ("RUN |1 DB_PASSWORD=abcdef /bin/sh -c true", ["DB_PASSWORD"]),
        ('ENV API_KEY="abc def"', ["API_KEY"]),
        ("REDIS_PASSWORD_FILE=/run/secrets/redis", []),
        ("PASSWORD=/run/secrets/redis", []),
        ("TOKEN=$TOKEN", []),
        ("TOKEN_SECONDS=3600", []),
        ("GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305", []),
        ("RUN --mount=type=secret,id=ca true", []),
        ("PIP_INDEX_URL=https://user:word@pypi.example/simple", ["something that looks like a login in an address"]),
        ("known to be one: correct-horse", ["app"]),
    ],
)
def test_a_secret_is_told_by_name_and_never_shown(line: str, found: list[str]) -> None:
    assert list(image_secrets.secrets_in((line,), {"app": "correct-horse", "short": "a"})) == found


def test_steps_are_read_from_what_the_builder_says() -> None:
    said = """
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#4 [build 1/3] FROM docker.io/library/python
#4 DONE 0.0s
#5 [build 2/3] RUN make "#7 CACHED"
#5 CACHED
#6 [stage-1 2/2] COPY --from=build /a /b
#6 ...
#7 [build 3/3] COPY . .
#7 DONE 0.1s
#6 [stage-1 2/2] COPY --from=build /a /b
#6 CACHED
"""
    assert observe.steps_of(said) == {
        "build 2/3 RUN": True,
        "stage-1 2/2 COPY": True,
        "build 3/3 COPY": False,
    }
