"""What a copy has otherwise than the original is told, and what every right copy has of its own is no fault."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.subject.original import Why, compared_settings, is_another_build
from checks.subject.original_files import compared_files
from checks.subject.profile import Credential, Subject
from checks.subject.stack import MADE_UP, Stack
from checks.subject.tests.resolved import resolved

Keys = dict[str, Any]
SAME: dict[str, tuple[Keys, Keys]] = {  # (of the original, of the copy), `{dir}` and `{name}` filled in for each
    "nothing": ({}, {}),
    "folder": ({"volumes": [{"source": "{dir}/data"}]}, {"volumes": [{"source": "{dir}/data"}]}),
    "above": ({"volumes": [{"source": "{dir}/../shared"}]}, {"volumes": [{"source": "{dir}/../shared"}]}),
    "name": ({"environment": {"PROJECT": "{name}"}}, {"environment": {"PROJECT": "{name}"}}),
    "labels": ({}, {"labels": {"compliance": "checks-1"}}),
    "order": ({"init": True, "read_only": True}, {"read_only": True, "init": True}),
}
EXCUSED: dict[str, tuple[Why, Keys, Keys]] = {
    "image": (Why.IMAGE, {"image": "redis:8.0"}, {"image": "mirror:5000/library/redis:8.0.2"}),
    "twin": (Why.IMAGE, {"image": "prom/prometheus:v2.53.3"}, {"image": "compliance-prometheus:2.53-debian13-2"}),
    "build": (Why.IMAGE, {"image": "shop/api:7e8a059e898f"}, {"image": "shop/api:02617ef90f9c"}),
    "user": (Why.USER, {"user": "999:999"}, {"user": "1000:1000"}),
    "password": (Why.SECRET, {"environment": {"A_PASSWORD": "hunter22"}}, {"environment": {"A_PASSWORD": "other333"}}),
    "address": (
        Why.SECRET,
        {"environment": {"DB": "redis://app:hunter22@redis/0"}},
        {"environment": {"DB": "redis://app:other333@redis/0"}},
    ),
    "option": (Why.SECRET, {"command": ["redis --requirepass a-one"]}, {"command": ["redis --requirepass b-two"]}),
    "missing": (Why.PROVIDED, {"image": f"shop/api:{MADE_UP}"}, {"image": "shop/api:1.0"}),
}  # fmt: skip
OTHER: dict[str, tuple[str, Keys, Keys]] = {
    "command": ("command", {"command": ["--appendfsync", "everysec"]}, {"command": ["--appendfsync", "always"]}),
    "environment": ("environment.ONLY", {"environment": {"ONLY": "nobody"}}, {"environment": {"ONLY": ""}}),
    "only-here": ("environment.FSYNC", {}, {"environment": {"FSYNC": "always"}}),
    "only-there": ("privileged", {"privileged": True}, {}),
    "address": ("ports.0.host_ip", {"ports": [{"host_ip": "0.0.0.0"}]}, {"ports": [{"host_ip": "127.0.0.1"}]}),  # noqa: S104
    "policy": ("restart", {"restart": "no"}, {"restart": "always"}),
    "check": ("healthcheck.test", {"healthcheck": {"test": ["NONE"]}}, {"healthcheck": {"test": ["CMD", "true"]}}),
    "version": ("image", {"image": "redis:7.2"}, {"image": "redis:8.0"}),
    "product": ("image", {"image": "shop/keydb:8.0"}, {"image": "redis:8.0"}),
    "unpinned": ("image", {"image": "redis"}, {"image": "redis:8.0"}),
    "root": ("user", {"user": "0:0"}, {"user": "1000:1000"}),
    "as-the-image": ("user", {}, {"user": "1000:1000"}),
    "beside-a-secret": (
        "environment.DB",
        {"environment": {"DB": "redis://app:hunter22@redis/0"}},
        {"environment": {"DB": "redis://default:hunter22@redis/0"}},
    ),
    "other-folder": ("volumes.0.source", {"volumes": [{"source": "/srv/d"}]}, {"volumes": [{"source": "{dir}/d"}]}),
}  # fmt: skip


def stack_with(folder: Path, name: str, keys: Keys) -> Stack:
    filled = json.loads(json.dumps(keys).replace("{dir}", str(folder)).replace("{name}", name))
    subject = Subject(compose_file=folder / "compose.yaml")
    config = {"name": name, "services": {"redis": filled}, "networks": {"default": {"name": f"{name}_default"}}}
    return resolved(subject, folder, config, name=name)


def differences(tmp_path: Path, there: Keys, here: Keys) -> list[tuple[str, Why | None]]:
    original = replace(stack_with(tmp_path / "shop", "shop", there), made_up=("API_TAG",))
    number, found = compared_settings(original, stack_with(tmp_path / "run" / "checks-f00d", "checks-f00d", here))
    assert number > 0
    return [(one.key.removeprefix("services.redis."), one.why) for one in found]


@pytest.mark.parametrize("how", SAME)
def test_what_a_copy_has_to_have_of_its_own_is_the_same(how: str, tmp_path: Path) -> None:
    assert differences(tmp_path, *SAME[how]) == []


@pytest.mark.parametrize("how", EXCUSED)
def test_what_may_differ_is_told_with_its_reason(how: str, tmp_path: Path) -> None:
    why, there, here = EXCUSED[how]
    assert [found for _, found in differences(tmp_path, there, here)] == [why]


@pytest.mark.parametrize("how", OTHER)
def test_a_setting_that_differs_is_not_excused(how: str, tmp_path: Path) -> None:
    key, there, here = OTHER[how]
    assert differences(tmp_path, there, here) == [(key, None)]


def test_no_secret_is_shown(tmp_path: Path) -> None:
    there: Keys = {"environment": {"PW_TOKEN": "hunter22", "DB": "redis://a:hunter22@r"}}
    here: Keys = {"environment": {"PW_TOKEN": "other333", "DB": "redis://b:other333@r"}}
    _, found = compared_settings(stack_with(tmp_path / "a", "a", there), stack_with(tmp_path / "b", "b", here))
    assert len(found) == 2
    assert not any(secret in str(one) for one in found for secret in ("hunter22", "other333"))


def test_two_images_are_builds_of_one_or_not() -> None:
    assert is_another_build("redis:8.0", "redis:8.0@sha256:" + 64 * "0")
    assert not is_another_build("redis:8.0", "redis:8.1")
    assert not is_another_build("shop/api:7e8a059e898f", "evil/api:02617ef90f9c")
    assert not is_another_build("redis:latest", "redis:8.0")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A project with settings, data, secrets and variables of its own."""
    return written(
        tmp_path / "shop",
        {
            "redis.conf": "appendfsync everysec", "conf.d/a.conf": "", "data/items": "1", "secrets/app": "hunter22",
            ".env": "A=1", "app/main.py": "",
        },
    )  # fmt: skip


def written(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def copy_of(original: Path, changed: dict[str, str | None]) -> Stack:
    """A copy without data, secrets and variables, with others in their place, and with these files changed."""
    own = {"secrets/app": "other333", ".env": "A=2", "data/.keep": ""}
    kept = {name: (original / name).read_text() for name in ("redis.conf", "conf.d/a.conf", "app/main.py")}
    texts = {name: text for name, text in {**kept, **own, **changed}.items() if text is not None}
    folder = written(original.with_name("checks-f00d"), texts)
    mounts = [("redis.conf", True), ("conf.d", True), ("data", False)]
    volumes = [{"type": "bind", "source": str(folder / name), "read_only": ro} for name, ro in mounts]
    subject = Subject(
        compose_file=folder / "compose.yaml",
        leave_out=("data", "secrets", ".env"),
        credentials={"app": Credential(user="app", password_file="secrets/app")},  # noqa: S106 - a file's name
    )
    return resolved(subject, folder, {"name": "checks-f00d", "services": {"redis": {"volumes": volumes}}})


def test_a_copy_with_its_own_data_and_secrets_is_the_same(original: Path) -> None:
    seen = compared_files(original, copy_of(original, {}))
    assert (seen.changed, seen.only_there, seen.only_here) == ((), (), ())
    assert seen.number == 5  # those that stand in both, each copy's own among them


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"redis.conf": "appendfsync always"}, (("redis.conf",), (), ())),
        ({"redis.conf": "appendfsync everySec"}, (("redis.conf",), (), ())),
        ({"app/main.py": "pass"}, (("app/main.py",), (), ())),
        ({"redis.conf": None}, ((), ("redis.conf",), ())),
        ({"conf.d/a.conf": None}, ((), ("conf.d",), ())),
        ({"conf.d/b.conf": "appendfsync always"}, ((), (), ("conf.d/b.conf",))),
        ({"data/more.txt": "of its own"}, ((), (), ())),
    ],
)
def test_a_file_that_differs_is_told(
    original: Path, changed: dict[str, str | None], told: tuple[tuple[str, ...], ...]
) -> None:
    seen = compared_files(original, copy_of(original, changed))
    assert (seen.changed, seen.only_there, seen.only_here) == told
