"""A fresh stack shares nothing with the one it is a copy of, and what Docker says is read in our words."""

import json
import os
import signal
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks.faults import host
from checks.faults.host import Hurt
from checks.subject import secrets, workspace
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.profile import Credential, Subject
from checks.subject.stack import Stack
from stack.driver import docker, events, project
from stack.driver.containers import ContainerState
from stack.driver.errors import StackError, SubjectError
from stack.driver.events import News
from stack.driver.progress import Board
from stack.driver.runners import compose
from stack.driver.runners.compose import PROGRESS

API = {"image": "shop:1", "container_name": "shop", "ports": [{"target": 5000, "published": "80"}, {"target": 81}]}
SHARED = {"name": "everybody"}


LABELS = {"compose-compliance.run": "checks"}


def detached(**kinds: object) -> list[str]:
    config = {"services": {"api": API, "redis": {"image": "redis"}}, **kinds}
    return project.detached(config, "checks-1", LABELS).splitlines()


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "subject").mkdir()
    (tmp_path / "subject" / "compose.yaml").write_text("services: {}\n")
    return Subject(compose_file=tmp_path / "subject" / "compose.yaml")


def test_a_copy_publishes_on_loopback_ports_of_its_own() -> None:
    ports = [line.strip() for line in detached() if "ports" in line]
    assert ports == ['ports: !override ["127.0.0.1::5000/tcp", "127.0.0.1::81/tcp"]']


def test_a_copy_has_no_fixed_names() -> None:
    lines = detached(
        networks={"default": {"name": "checks-1_default"}, "front": SHARED},
        volumes={"data": SHARED, "own": {"name": "checks-1_own"}},
    )
    assert lines.count("    container_name: !reset null") == 1
    own_name = [line.strip().partition(":")[0] for line in lines if "name: !reset null, labels" in line]
    assert own_name == ['"front"', '"data"']


def test_everything_of_a_copy_is_marked_as_of_this_run() -> None:
    lines = detached(networks={"default": {"name": "checks-1_default"}}, volumes={"data": SHARED})
    assert len([line for line in lines if 'labels: {"compose-compliance.run": "checks"}' in line]) == 4


@pytest.mark.parametrize("kind", ["networks", "volumes"])
def test_what_a_copy_would_share_is_refused(kind: str) -> None:
    with pytest.raises(SubjectError, match=f"{kind[:-1]} `outside` is external"):
        detached(**{kind: {"outside": {"name": "outside", "external": True}}})


def test_a_copy_leaves_out_what_it_is_told_to(subject: Subject, tmp_path: Path) -> None:
    for name in (".git/config", "data/old", "conf/redis.conf", "conf/__pycache__/x.pyc"):
        (subject.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (subject.directory / name).write_text("")
    chosen = Subject(compose_file=subject.compose_file, leave_out=("data",))
    workspace._copy(chosen, tmp_path / "copy")
    files = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert files == {"compose.yaml", "conf/redis.conf"}


def test_what_cannot_be_copied_is_told(subject: Subject, tmp_path: Path) -> None:
    os.mkfifo(subject.directory / "pipe")
    with pytest.raises(SubjectError, match="could not be copied"):
        workspace._copy(subject, tmp_path / "copy")


def test_a_copy_is_prepared_in_its_own_folder(subject: Subject, tmp_path: Path) -> None:
    chosen = Subject(compose_file=subject.compose_file, prepare=("sh", "-c", "pwd > here; command -v python >> here"))
    with Board() as board:
        workspace._prepare(chosen, tmp_path, board)
    folder, python = (tmp_path / "here").read_text().splitlines()
    assert Path(folder) == tmp_path.resolve()
    assert os.access(python, os.X_OK)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("sh", "-c", "echo first; echo 'no room' >&2; exit 3"), "`prepare` ended with 3\n  no room"),
        (("no-such-program-anywhere",), "`prepare` cannot be run"),
    ],
)
def test_a_preparation_that_fails_is_told(subject: Subject, command: tuple[str, ...], told: str) -> None:
    with pytest.raises(SubjectError, match=told), Board() as board:
        workspace._prepare(Subject(compose_file=subject.compose_file, prepare=command), subject.directory, board)


def test_a_password_is_read_without_its_line_end(subject: Subject) -> None:
    (subject.directory / "word").write_text("hunter2\n")
    named = Subject(compose_file=subject.compose_file, credentials={"app": Credential(user="a", password_file="word")})  # noqa: S106
    assert Stack(named, directory=subject.directory, project="checks-1").password("app") == "hunter2"


def test_a_login_that_no_profile_names_is_asked_for(subject: Subject) -> None:
    with pytest.raises(SubjectError, match=rf"{PROFILE_NAME} names no \[credentials.app\]"):
        Stack(subject, directory=subject.directory, project="checks-1").password("app")


def test_what_is_declared_is_asked_without_what_detaches_a_copy(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def ask(*words: str) -> str:
        asked.append(words)
        return '{"services": {}}'

    monkeypatch.setattr(docker, "ask", ask)
    stack = Stack(subject, directory=subject.directory, project="checks-1")
    stack.detach()
    stack.override("services: { new: {} }\n")
    assert (stack.config, stack.declared) == ({"services": {}}, {"services": {}})
    files = [[Path(word).name for word in words if ".yaml" in word] for words in asked]
    assert files == [
        ["compose.yaml"],
        ["compose.yaml", ".compliance.override.yaml.0", ".compliance.override.yaml.1"],
        ["compose.yaml", ".compliance.override.yaml.1"],
    ]


def test_a_warning_of_compose_is_told_without_when_and_where(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    said = f'time="2026" level=warning msg="{subject.directory}/compose.yaml: `version` is obsolete"'
    monkeypatch.setattr(docker, "complaints", lambda *_: [said, "something else"])
    stack = Stack(subject, directory=subject.directory, project="checks-1")
    assert stack.warnings() == ('"./compose.yaml: `version` is obsolete"',)


def test_overrides_lie_over_one_another(subject: Subject) -> None:
    stack = Stack(subject, directory=subject.directory, project="checks-1")
    stack.config = {"services": {"old": {}}}
    stack.override("services: {}\n")
    stack.override("services: { new: {} }\n")
    assert "config" not in vars(stack)
    assert [path.read_text() for path in stack._overrides] == ["services: {}\n", "services: { new: {} }\n"]


@pytest.mark.parametrize(
    ("status", "health", "exit_code", "well", "told"),
    [
        ("running", "healthy", 0, True, "running, healthy"),
        ("running", "", 0, True, "running"),
        ("running", "starting", 0, False, "running, starting"),
        ("running", "unhealthy", 0, False, "running, unhealthy"),
        ("exited", "healthy", 137, False, "exited (exit code 137)"),
        ("exited", "", 0, False, "exited (exit code 0)"),
        ("paused", "healthy", 0, False, "paused, healthy"),
    ],
)
def test_only_what_runs_and_is_not_unhealthy_is_well(
    status: str, health: str, exit_code: int, well: bool, told: str
) -> None:
    state = ContainerState(status=status, health=health, exit_code=exit_code, started_at=None)
    assert (state.well, str(state)) == (well, told)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (" Container shop-api-1  Healthy", ("shop-api-1", "Healthy")),
        ("Container shop-redis-1 Starting ", ("shop-redis-1", "Starting")),
        (" Network shop_default  Created", None),
    ],
)
def test_composes_progress_is_read(line: str, found: tuple[str, str] | None) -> None:
    seen = PROGRESS.search(line)
    assert (seen and (seen["container"], seen["state"])) == found


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        ("running", "Up 2 seconds (healthy)", "healthy"),
        ("running", "Up 2 seconds (health: starting)", "starting"),
        ("running", "Up 2 hours (unhealthy)", "unhealthy"),
        ("running", "Up 2 seconds", "healthy"),
        ("paused", "Up 2 minutes (Paused)", "paused"),
        ("exited", "Exited (137) 2 seconds ago", "exited"),
        ("restarting", "Restarting (1) 2 seconds ago", "restarting"),
        ("created", "Created", "created"),
    ],
)
def test_a_container_is_told_in_a_word(state: str, status: str, word: str) -> None:
    assert compose.in_a_word(state, status) == word


@pytest.mark.parametrize(
    ("told", "seconds"), [("2s", 2.0), ("1m30s", 90.0), ("1.5s", 1.5), ("250ms", 0.25), ("0s", 0.0)]
)
def test_a_duration_is_read(told: str, seconds: float) -> None:
    assert project.seconds_in(told) == seconds


@pytest.mark.parametrize(
    ("ports", "addresses"),
    [
        ("127.0.0.1:5000->5000/tcp", ("127.0.0.1:5000",)),
        ("6379/tcp, 127.0.0.1:81->81/tcp, 127.0.0.1:82->80/tcp", ("127.0.0.1:81", "127.0.0.1:82")),
        ("6379/tcp", ()),
        ("", ()),
    ],
)
def test_an_address_is_what_can_be_reached_from_the_host(ports: str, addresses: tuple[str, ...]) -> None:
    assert compose.addresses_in(ports) == addresses


def test_a_command_ends_when_who_reads_it_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), compose.running_command(["sleep", "60"]) as process:
        raise KeyboardInterrupt
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("mount", "refused"),
    [
        ({"type": "bind", "source": "/srv/original/data"}, True),
        ({"type": "bind", "source": "/srv/copy/../original/data"}, True),
        ({"type": "bind", "source": "/srv/original/conf", "read_only": True}, False),
        ({"type": "bind", "source": "/srv/copy/data"}, False),
        ({"type": "volume", "source": "data"}, False),
    ],
)
def test_a_copy_never_writes_to_the_originals_data(mount: dict[str, object], refused: bool) -> None:
    config = {"services": {"redis": {"volumes": [mount]}}}
    with pytest.raises(SubjectError, match="/srv/") if refused else nullcontext():
        workspace._refuse_shared_data(config, Path("/srv/copy"))


def test_a_container_name_taken_away_stays_as_an_alias() -> None:
    config = {"services": {"web": {"container_name": "shop", "networks": {"front": None}}}}
    lines = project.detached(config, "checks-1", LABELS).splitlines()
    assert '    networks: {"front": {"aliases": ["shop"]}}' in lines


def test_what_is_named_a_secret_is_taken_for_one() -> None:
    spec = {
        "environment": {
            "REDIS_PASSWORD": "one",
            "REDIS_PASSWORD_FILE": "/run/secrets/x",
            "HOST": "redis",
            "TOKEN": None,
            "USE_TOKEN_AUTH": "true",
            "PASSWORD_MIN_LENGTH": "8",
            "SECRETS_DIR": "/run/secrets",
            "PASSENGER_PORT": "five thousand",
        },
        "command": ["redis-server", "--requirepass", "two", "--port", "6379"],
    }
    assert dict(secrets.named_secret(spec)) == {"REDIS_PASSWORD": "one", "--requirepass": "two"}


def test_a_container_stays_as_it_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-on-whales would ask again at each look, and compare what is now with what is now."""
    asked = tmp_path / "asked"
    answer = '[{"Id": "c1", "State": {"Status": "running"}}]'
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho inspect >> {asked}\necho '{answer}'\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    container = docker.DockerClient().container.inspect("c1")
    for _ in range(3):
        assert container.state.status == "running"
        time.sleep(0.02)
    assert asked.read_text().splitlines() == ["inspect"]


def test_an_exit_is_reported_with_its_code_and_by_its_service() -> None:
    about = {"com.docker.compose.service": "redis", "exitCode": "137"}
    line = json.dumps({"Action": "die", "timeNano": 1_700_000_000_500_000_000, "Actor": {"Attributes": about}})
    assert events.news_in(line) == News(
        at=datetime.fromtimestamp(1_700_000_000.5, UTC), service="redis", action="die: 137"
    )


@pytest.fixture
def hurt_stack(subject: Subject, tmp_path: Path) -> Stack:
    return Stack(subject, directory=tmp_path, project="checks-1")


@pytest.mark.parametrize(
    ("test", "path", "found"),
    [
        (("CMD", "/bin/promtool", "check"), "/bin", ("/bin/promtool",)),
        (("CMD", "probe", "it"), "/sbin:/bin", ("/sbin/probe", "/bin/probe")),
        (("CMD-SHELL", "probe || exit 1"), "/sbin", ("/bin/sh",)),
        ((), "/sbin", ()),
    ],
)
def test_the_program_of_a_health_check_is_looked_for_on_the_path(
    test: tuple[str, ...], path: str, found: tuple[str, ...], hurt_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = SimpleNamespace(config=SimpleNamespace(env=["HOME=/", f"PATH={path}"]))
    monkeypatch.setattr(Stack, "probe", lambda *_: test)
    monkeypatch.setattr(Stack, "container", lambda *_: seen)
    assert hurt_stack.probe_program("redis") == found


def test_what_was_restarted_meanwhile_is_not_mended(hurt_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Hurt(what="pids", pid=7, container="abc", at=datetime.now(UTC), kept={})
    mended: list[Hurt] = []

    def mend(_: object, hurt: Hurt) -> None:
        mended.append(hurt)
        monkeypatch.setattr(Stack, "main_process", lambda *_: 8)
        raise StackError("its main process has gone")

    monkeypatch.setattr(host, "mend", mend)
    monkeypatch.setattr(Stack, "main_process", lambda *_: 8)
    hurt_stack.mend("redis", done)
    assert mended == []
    monkeypatch.setattr(Stack, "main_process", lambda *_: 7)
    hurt_stack.mend("redis", done)  # restarted just now
    assert mended == [done]
