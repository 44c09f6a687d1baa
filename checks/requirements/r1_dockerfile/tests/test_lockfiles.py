"""What is installed is compared with what lock files pin, whatever their kind."""

from pathlib import Path

import pytest

from checks.requirements.r1_dockerfile import lockfiles
from checks.requirements.r1_dockerfile.image_layers import File, Layer, Saved

HASH = "sha256:" + 64 * "0"
FILE = File(kind="0", mode=0o644, owner="0:0", link="", attributes=(), sha256="", size=0)
SITE = "app/venv/lib/python3.13/site-packages"


@pytest.mark.parametrize(
    "text",
    [
        f"Foo.Bar==1.2 \\\n    --hash={HASH} \\\n    --hash={HASH}\n",
        f"foo_bar[extra]==1.2 ; python_version > '3' --hash={HASH}\n",
        f'[[package]]\nname = "foo-bar"\nversion = "1.2"\nfiles = [{{ file = "x.whl", hash = "{HASH}" }}]\n',
        f'[[package]]\nname = "foo-bar"\nversion = "1.2"\nwheels = [{{ url = "x", hash = "{HASH}" }}]\n',
        '[[packages]]\nname = "foo-bar"\nversion = "1.2"\nwheels = [{ hashes = { sha256 = "0" } }]\n',
        f'{{"default": {{"foo-bar": {{"version": "==1.2", "hashes": ["{HASH}"]}}}}}}',
    ],
    ids=["pip", "pip with extras", "poetry", "uv", "pylock", "Pipenv"],
)
def test_a_lock_file_pins_by_name_version_and_hash(text: str) -> None:
    assert lockfiles.pinned(text) == {"foo-bar==1.2"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo==1.2\n",
        f"foo>=1.2 --hash={HASH}\n",
        f"# foo==1.2 --hash={HASH}\n",
        "foo==1.2\nbar --hash=sha256:0\n",
        '[[package]]\nname = "foo"\nversion = "1.2"\n',
        '{"default": {"foo": {"version": "*", "hashes": ["x"]}}}',
    ],
)
def test_what_has_no_version_or_no_hash_pins_nothing(text: str) -> None:
    assert lockfiles.pinned(text) == frozenset()


def test_installed_is_what_the_project_chose() -> None:
    names = ("foo_bar-1.2", "pip-25.1", "shop-0.1")
    files = {f"{SITE}/{name}.dist-info/METADATA": FILE for name in names}
    files |= {f"{SITE}/{name}.dist-info/RECORD": FILE for name in names}
    files |= {f"{SITE}/shop-0.1.dist-info/direct_url.json": FILE}
    files |= {"usr/lib/python3/dist-packages/six-1.17.dist-info/METADATA": FILE}
    texts = {f"{SITE}/shop-0.1.dist-info/direct_url.json": '{"dir_info": {}, "url": "file:///src"}'}
    image = Saved(reference="shop:1", layers=(Layer(files=files, texts=texts, holding={}),))
    assert lockfiles.installed(image) == {"foo-bar==1.2"}


def test_lock_files_are_found_where_projects_keep_them(tmp_path: Path) -> None:
    names = ("requirements.lock", "requirements/dev-requirements.txt", "poetry.lock", ".venv/x.lock", "notes.txt")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in lockfiles.files(tmp_path)]
    assert found == ["poetry.lock", "requirements/dev-requirements.txt", "requirements.lock"]
