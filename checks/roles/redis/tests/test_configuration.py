"""What Redis is given is read as Redis reads it: arguments over files, users completed, its own defaults."""

from pathlib import Path

import pytest

from checks.roles.redis import configuration
from checks.subject.profile import Subject
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject
from stack.driver.errors import SubjectError
from stack.driver.project import Config


def files(folder: Path, **spec: object) -> Files:
    config: Config = {"services": {"redis": {"image": "redis:8.0", **spec}}}
    project = ResolvedProject(folder, "declared", config)
    return Files(subject=Subject(compose_file=folder / "compose.yaml"), project=project)


def mount(folder: Path, target: str) -> list[dict[str, str]]:
    return [{"type": "bind", "source": str(folder), "target": target}]


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        ({}, {"appendonly": "no", "appendfsync": "everysec"}),
        ({"command": ["redis-server", "--appendonly", "yes"]}, {"appendonly": "yes"}),
        ({"command": ["--appendonly", "yes"]}, {"appendonly": "yes"}),
        ({"command": ["sh", "-c", "exec redis-server --requirepass $$P"]}, {"requirepass": "$P"}),
        ({"entrypoint": ["/usr/bin/valkey-server"], "command": ["--save", "60", "1"]}, {"save": "60 1"}),
    ],
)
def test_arguments_are_settings(spec: dict[str, object], settings: dict[str, str], tmp_path: Path) -> None:
    seen = configuration.given(files(tmp_path, **spec), "redis").settings
    assert settings.items() <= seen.items()


def test_arguments_win_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text('# a comment\nappendonly yes\nAPPENDFSYNC always\nrename-command KEYS ""\n')
    command = ["redis-server", "/etc/redis/redis.conf", "--appendfsync", "no"]
    given = files(tmp_path, command=command, volumes=mount(tmp_path, "/etc/redis"))
    seen = configuration.given(given, "redis").settings
    assert (seen["appendonly"], seen["appendfsync"]) == ("yes", "no")


@pytest.mark.parametrize(
    "spec",
    [
        {"image": "bitnami/redis:7"},
        {"build": {"context": "."}},
        {"command": ["redis-server", "/etc/redis.conf"]},
        {"entrypoint": ["/start.sh"]},
    ],
)
def test_what_is_in_the_image_is_not_guessed(spec: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="image"):
        configuration.given(files(tmp_path, **spec), "redis")


@pytest.mark.parametrize(
    ("dockerfile", "settings"),
    [
        ("FROM redis:8\nCOPY redis.conf /etc/redis.conf\nCMD redis-server /etc/redis.conf\n", {"appendonly": "yes"}),
        ('FROM redis:8\nADD ["redis.conf", "/etc/"]\nCMD ["redis-server", "/etc/redis.conf"]\n', {"appendonly": "yes"}),
        ("FROM redis:8 AS a\nCOPY . /etc\nFROM a\nENTRYPOINT redis-server /etc/redis.conf\n", {"appendonly": "yes"}),
        ('FROM redis:8\nCMD ["--appendfsync", \\\n  "always"]\n', {"appendfsync": "always", "appendonly": "no"}),
        ("FROM redis:8\nRUN <<END\nCMD none\nEND\n", {"appendonly": "no"}),
    ],
)
def test_a_redis_that_is_built_here_is_read(dockerfile: str, settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("appendonly yes\n")
    (tmp_path / "Dockerfile").write_text(dockerfile)
    seen = configuration.given(files(tmp_path, build={"context": str(tmp_path)}), "redis").settings
    assert settings.items() <= seen.items()


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM redis:8\nCOPY redis.conf /etc/\nRUN sed -i s/yes/no/ /etc/redis.conf\nCMD redis-server /etc/redis.conf\n",
        "FROM redis:8\nENTRYPOINT /start\n",
        "FROM redis:8\nCOPY --from=other redis.conf /etc/redis.conf\nCMD redis-server /etc/redis.conf\n",
        "FROM bitnami/redis:8\n",
    ],
)
def test_what_a_build_makes_of_it_is_not_guessed(dockerfile: str, tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("appendonly yes\n")
    spec = {"build": {"context": str(tmp_path), "dockerfile_inline": dockerfile}}
    with pytest.raises(SubjectError, match="image"):
        configuration.given(files(tmp_path, **spec), "redis")


@pytest.mark.parametrize(
    ("acl", "users"),
    [
        ("", {"default": ("on", "nopass", "~*", "&*", "+@all")}),
        ("user default off\n", {"default": ("off",)}),
        ("user default ~* +@all >x\n", {"default": ("off", "~*", "+@all", ">x")}),
        ("user default OFF -@all\n", {"default": ("OFF", "-@all")}),
        ("user default off\nuser app +get\n", {"default": ("off",), "app": ("off", "+get")}),
        ("user app on ~a:* +get\n", {"app": ("on", "~a:*", "+get"), "default": ("on", "nopass", "~*", "&*", "+@all")}),
    ],
)
def test_users_are_completed_as_redis_does(acl: str, users: dict[str, tuple[str, ...]], tmp_path: Path) -> None:
    (tmp_path / "users.acl").write_text(acl)
    given = files(tmp_path, command=["redis-server", "--aclfile", "/acl/users.acl"], volumes=mount(tmp_path, "/acl"))
    assert configuration.users(configuration.with_acl_file(given, "redis")) == users


def test_a_password_for_all_closes_default_without_a_file(tmp_path: Path) -> None:
    given = files(tmp_path, command=["redis-server", "--requirepass", "x"])
    assert "nopass" not in configuration.users(configuration.with_acl_file(given, "redis"))["default"]


def test_what_lies_over_a_file_is_read_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("appendfsync always\n")
    over = tmp_path / "other.conf"
    over.write_text("appendfsync everysec\n")
    whole, deeper = mount(tmp_path, "/etc/redis"), mount(over, "/etc/redis/redis.conf")
    command = ["redis-server", "/etc/redis/redis.conf"]
    for mounts in ([*whole, *deeper], [*deeper, *whole]):
        seen = configuration.given(files(tmp_path, command=command, volumes=mounts), "redis")
        assert seen.settings["appendfsync"] == "everysec"
    hidden = [*whole, {"type": "volume", "source": "v", "target": "/etc/redis/redis.conf"}]
    with pytest.raises(SubjectError, match="is not mounted"):
        configuration.given(files(tmp_path, command=command, volumes=hidden), "redis")


def test_files_that_a_pattern_includes_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("appendfsync always\ninclude /etc/redis/more/*.conf\n")
    given = files(tmp_path, command=["redis-server", "/etc/redis/redis.conf"], volumes=mount(tmp_path, "/etc/redis"))
    with pytest.raises(SubjectError, match="which files /etc/redis/more/"):
        configuration.given(given, "redis")
