"""The command line of the package: a menu, a sentence and an exit code for what cannot be done, and the example."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from checks.command import __main__ as command
from checks.command import example
from checks.harness.describe import described
from checks.subject.tests.compose import needs_compose
from stack import ROOT, SHIPPED
from stack.driver import menu

COMPOSE = "services:\n  web: {image: 'shop:1', ports: ['80:80']}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A stranger's project, with names of ours in it that nobody is to import."""
    (tmp_path / "shop" / "checks").mkdir(parents=True)
    (tmp_path / "shop" / "compose.yaml").write_text(COMPOSE)
    for name in ("checks/__init__.py", "pytest.py", "conftest.py", "stack.py"):
        (tmp_path / "shop" / name).write_text("from pathlib import Path; Path('/proc/self/fd/2').write_text('EVIL')")
    return tmp_path / "shop"


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command as a script runs it: with our tree on the path, and not the folder it is called in."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    started = f"import sys; sys.path[0] = {str(ROOT)!r}; from checks.command.__main__ import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", started, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_has_help_that_tells_its_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("describe", "init", "check", "example"):
        with pytest.raises(SystemExit) as ended:
            command.main([name, "--help"])
        assert ended.value.code == 0
        assert "exit codes: 0 proven" in (told := capsys.readouterr().out)
        assert "python -m" not in told


def test_reporting_has_help_by_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    for name in command.REPORTING:
        with pytest.raises(SystemExit) as ended:
            command.main([name, "--help"])
        assert ended.value.code == 0
        assert (told := capsys.readouterr().out).startswith(f"usage: compose-compliance {name} ")
        assert "python -m" not in told


def completed(*words: str, folder: Path) -> list[str]:
    """What bash offers behind these words, the last of which is begun: by its own machinery, as at a prompt."""
    line = shlex.join(["compose-compliance", *words])
    asked = f"""
        source {shlex.quote(str(folder / "completion"))}; cd {shlex.quote(str(folder))}
        COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}
        COMP_WORDS=({line} {"''" if not words[-1] else ""}); COMP_CWORD={len(words)}
        function=$(complete -p compose-compliance | sed -E 's/.*-F ([^ ]+).*/\\1/')
        $function compose-compliance {shlex.quote(words[-1])} ''
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def test_bash_completes_commands_options_and_folders(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "completion").write_text(run(ROOT, "completion", "bash").stdout)
    assert completed("de", folder=tmp_path) == ["describe"]
    assert completed("re", folder=tmp_path) == ["remedy", "report"]
    assert completed("check", "--ti", folder=tmp_path) == ["--tier"]
    assert completed("check", "--tier", "de", folder=tmp_path) == ["declared"]
    assert completed("check", "sh", folder=tmp_path) == ["shop"]
    assert completed("check", "--nothing", folder=tmp_path) == []


def test_zsh_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("#compdef compose-compliance")


SENSELESS = ("", "prove", "check", "describe . --tier=declared", "check . --tier=known", "report", "report x", "diff a")


@pytest.mark.parametrize("line", SENSELESS)
def test_a_command_line_without_sense_ends_in_3(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(line.split()) == 3
    said = capsys.readouterr()
    assert (said.out, said.err[:7]) == ("", "error: ")
    assert "--help`" in said.err


@pytest.mark.parametrize("name", ["describe", "init", "check", "remedy"])
def test_a_folder_without_a_project_ends_in_3(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([name, str(tmp_path)]) == 3
    assert "is no Compose project" in capsys.readouterr().err


def test_a_missing_path_ends_in_3_and_leaves_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "--tier", "declared", "nowhere")
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert "there is no such directory or file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@needs_compose
def test_a_strangers_project_gets_a_verdict_and_is_not_imported(shop: Path) -> None:
    done = run(shop, "check", "--tier", "declared", ".", "--evidence", "../kept")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "published-on-loopback-only" in done.stdout
    assert (shop.parent / "kept" / "latest" / "report.html").is_file()
    assert "EVIL" not in done.stdout + done.stderr
    assert not (shop / "evidence").exists()


@needs_compose
def test_hints_name_commands_of_the_package(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu, "IN_A_CLONE", False)
    assert command.main(["describe", str(shop)]) == 0
    assert "`compose-compliance init DIR` writes" in capsys.readouterr().out
    assert command.main(["init", str(shop)]) == 0
    assert command.main(["init", str(shop)]) == 3
    assert "`compose-compliance describe DIR` reads it" in capsys.readouterr().err


@needs_compose
def test_the_example_is_the_stack_that_ships(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["example", str(tmp_path / "ours")]) == 0
    assert f"check --tier declared {tmp_path / 'ours' / 'stack'}`" in capsys.readouterr().out
    written = described(tmp_path / "ours" / "stack").replace(str(tmp_path / "ours"), str(ROOT))
    assert written == described(SHIPPED)


def test_the_example_has_what_images_are_built_from(tmp_path: Path) -> None:
    written = example.written(tmp_path / "ours")
    for name in ("healer/Dockerfile", "healer/.dockerignore", "../service/Dockerfile", "redis/redis.conf"):
        assert (written / name).read_bytes() == (SHIPPED / name).read_bytes()
    made = {path.name for path in (tmp_path / "ours").rglob("*")}
    assert not made & {"tests", ".env", "secrets", "data", "driver", "ops"}


def test_the_example_leaves_alone_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").touch()
    assert command.main(["example", str(tmp_path)]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert "is not empty, and stays as it is" in capsys.readouterr().err
