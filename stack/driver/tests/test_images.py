"""An image is known by what went into it, and comes from where it may."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.driver.errors import ImageError
from stack.driver.images import build
from stack.driver.images.bases import EVERY_SOURCE, Source
from stack.driver.images.sources import sources_from

INDEX = "https://pypi.example/simple"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "app/main.py", "__pycache__/main.pyc", "tests/test_main.py"):
        (tmp_path / "service" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "service" / name).write_text(name)
    return tmp_path / "service"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("local,registry,packages", EVERY_SOURCE),
        ("packages", (Source.PACKAGES,)),
        (" registry , local ,", (Source.REGISTRY, Source.LOCAL)),
    ],
)
def test_sources_are_asked_in_the_order_they_are_named(text: str, found: tuple[Source, ...]) -> None:
    assert sources_from(text) == found


@pytest.mark.parametrize(
    ("text", "told"), [("local,mirror", "'mirror'"), ("LOCAL", "'LOCAL'"), (" , ", "'nothing'"), ("", "'nothing'")]
)
def test_what_is_no_source_is_refused(text: str, told: str) -> None:
    with pytest.raises(ImageError, match=f"{told} is no image source") as refused:
        sources_from(text)
    assert "local, registry, packages" in refused.value.hint


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        (lambda folder: (folder / "app/main.py").write_text("changed"), True),
        (lambda folder: (folder / "app/main.py").rename(folder / "app/other.py"), True),
        (lambda folder: (folder / "new").write_text(""), True),
        (lambda folder: (folder / "Dockerfile").unlink(), True),
        (lambda folder: (folder / "tests/test_main.py").write_text("changed"), False),
        (lambda folder: (folder / "__pycache__/main.pyc").unlink(), False),
        (lambda folder: os.utime(folder / "Dockerfile", (0, 0)), False),
    ],
)
def test_an_image_is_another_when_what_enters_it_is(
    context: Path, change: Callable[[Path], object], is_another: bool
) -> None:
    before = build._content_key(context, "sha256:base")
    change(context)
    assert (build._content_key(context, "sha256:base") != before) is is_another


def test_an_image_on_another_base_is_another(context: Path) -> None:
    assert build._content_key(context, "sha256:one") != build._content_key(context, "sha256:two")


def test_a_build_gets_this_machines_package_index_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    told = {
        "SSL_CERT_FILE": str(bundle),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": INDEX,
        "PIP_EXTRA_INDEX_URL": "file:///wheels https://extra.example/simple",
        "PIP_CACHE_DIR": str(tmp_path),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with build._build_secrets() as secrets:
        settings = Path(secrets[0].removeprefix("id=pip,src="))
        lines = settings.read_text().splitlines()
    assert sorted(lines) == ["[global]", "extra-index-url = https://extra.example/simple", f"index-url = {INDEX}"]
    assert secrets[1:] == [f"id=ca,src={bundle}"]
    assert not settings.exists()
