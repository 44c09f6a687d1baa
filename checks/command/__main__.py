"""Tell whether a Docker Compose project does what its requirements say."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from checks.command import check, example
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.core.runner import COMPOSE, RUNNERS
from checks.core.tier import Tier
from checks.core.version import version
from checks.report import __main__ as report
from checks.subject import profile
from stack.driver.errors import StackError
from stack.ops import commands

NAME = "compose-compliance"
EXIT_CODES = """\
exit codes: 0 proven (not applicable, waived), or done; 1 violated, or a run that got worse; 2 undecided; 3 unusable
arguments, project or profile; 4 no usable engine or package mirror; 10 a project asks for more than containers of its
own; 130 interrupted. `report` and `diff` say theirs with --help."""
REPORTING = {
    "report": "judge evidence again, and write every format",
    "diff": "compare two runs",
    "history": "a page over a folder of runs",
    "verify": "check a signed result",
}
SHELLS = ("bash", "zsh")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and give the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _done(words)
    except UnusableError as problem:
        sys.stderr.write(f"error: {problem}\nhint: `{NAME} --help`\n")
        return UNUSABLE
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return problem.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return check.INTERRUPTED
    except Exception:  # noqa: BLE001 - Python ends a traceback with 1, which here would say: violated
        sys.excepthook(*sys.exc_info())
        return check.UNDECIDED


def _done(words: list[str]) -> int:
    """Reporting has a command line of its own, and pytest's options go with those of `check`."""
    if words[:1] and words[0] in REPORTING:
        return report.main(words[1:], f"{NAME} report") if words[0] == "report" else report.main(words, NAME)
    named, others = parser().parse_known_args(words)
    if others and named.do is not _check:
        raise UnusableError(f"`{others[0]}` is no option of `{named.command}`")
    do: Callable[[argparse.Namespace, list[str]], int] = named.do
    return do(named, others)


def parser() -> Parser:
    """Every command, with what is said of it."""
    whole = Parser(prog=NAME, description=__doc__, epilog=EXIT_CODES, allow_abbrev=False)
    whole.add_argument("--version", action="version", version=f"{NAME} {version()}")
    menu = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    project = "a Compose project: its directory or file"
    told = "say what a run would look at: roles, checks, what is lacking; starts nothing"
    _runner_option(_command(menu, _describe, told, project))
    _command(menu, _init, "write a commented compliance.toml with what was found; one that is there stays", project)
    _check_options(_command(menu, _check, "judge a project, and report; it stays as it is", project))
    _command(menu, _remedy, "print a patch for `git apply` that mends what files show; changes nothing", project)
    _command(menu, _healer, "write our healer as a Compose file to be included", "a folder that is to be made")
    _command(menu, _example, "write the stack that ships, as an example", "a folder that is to be made")
    _engine_options(menu)
    for name, told in REPORTING.items():
        _folder(menu.add_parser(name, help=told, add_help=False), "evidence", nargs="*")
    _completion_options(menu)
    return whole


def _engine_options(menu: argparse._SubParsersAction[Parser]) -> None:
    told = "find a Docker engine, or install one from Debian's packages and start it (root)"
    one = menu.add_parser("engine", help=told, description=told, epilog=EXIT_CODES, allow_abbrev=False)
    one.add_argument("--stop", action="store_true", help="stop the one that this started")
    one.set_defaults(do=_engine)
    told = "remove what runs that were killed left on the engine"
    one = menu.add_parser("sweep", help=told, description=told, epilog=EXIT_CODES, allow_abbrev=False)
    one.add_argument("--kept", action="store_true", help="and what `check --keep` kept")
    one.set_defaults(do=_sweep)


def _completion_options(menu: argparse._SubParsersAction[Parser]) -> None:
    told = "print what has a shell complete this command: `source <(compose-compliance completion bash)`"
    one = menu.add_parser("completion", help=told, description=told, allow_abbrev=False)
    one.add_argument("shell", choices=SHELLS)
    one.set_defaults(do=_completion)


def _folder(one: argparse.ArgumentParser, told: str, nargs: str | None = None) -> None:
    """An argument for which a shell completes files and folders."""
    action = one.add_argument("directory", type=Path, metavar="DIR", help=told, nargs=nargs)
    action.complete = {"bash": "_shtab_compgen_files", "zsh": "_files"}  # type: ignore[attr-defined]  # shtab's FILE


def _command(
    menu: argparse._SubParsersAction[Parser], do: Callable[..., int], told: str, folder: str
) -> argparse.ArgumentParser:
    name = do.__name__.strip("_")
    one = menu.add_parser(name, help=told, description=told, epilog=EXIT_CODES, allow_abbrev=False)
    _folder(one, folder)
    one.set_defaults(do=do)
    return one


def _check_options(one: argparse.ArgumentParser) -> None:
    """Those that people need; any other is pytest's, such as `-k NAME`."""
    one.add_argument("--tier", choices=list(Tier), metavar="TIER", help=f"how far to go: {', '.join(Tier)}; declared "
                     "reads files alone, and needs no engine")  # fmt: skip
    _runner_option(one)
    one.add_argument("--trust", action="store_true", help="let the project do whatever it asks of this machine")
    one.add_argument("--allow", metavar="KIND,...", help="let it do some of that")
    one.add_argument("--keep", action="store_true", help="keep the stacks of checks that failed, for a look")
    one.add_argument("--evidence", metavar="DIR", default="evidence", help="where runs leave their folders")
    one.add_argument("--requirements", metavar="DIR", action="append", default=[], help="requirements beside ours")


def _runner_option(one: argparse.ArgumentParser) -> None:
    told = f"by whom the project is run, whose rules are judged: {', '.join(RUNNERS)}"
    one.add_argument("--runner", choices=RUNNERS, default=COMPOSE, metavar="RUNNER", help=told)


def _describe(named: argparse.Namespace, _: list[str]) -> int:
    from checks.harness.describe import described  # it loads every check, which no other command needs

    sys.stdout.write(described(named.directory, named.runner))
    return 0


def _init(named: argparse.Namespace, _: list[str]) -> int:
    from checks.roles.prometheus.configuration import scraped_at
    from checks.subject.new_profile import write

    sys.stdout.write(f"wrote {write(named.directory, scraped_at)}\n")
    return 0


def _remedy(named: argparse.Namespace, _: list[str]) -> int:
    from checks.harness.remedy import told  # it loads every check

    sys.stdout.write(told(named.directory))
    return 0


def _healer(named: argparse.Namespace, _: list[str]) -> int:
    sys.stdout.write(example.told_of_the_healer(named.directory))
    return 0


def _example(named: argparse.Namespace, _: list[str]) -> int:
    written = example.written(named.directory)
    sys.stdout.write(f"wrote {named.directory}; next: `{NAME} check --tier declared {written}`\n")
    return 0


def _engine(named: argparse.Namespace, _: list[str]) -> int:
    commands.engine(stop=named.stop)
    return 0


def _sweep(named: argparse.Namespace, _: list[str]) -> int:
    commands.sweep(kept=named.kept)
    return 0


def _completion(named: argparse.Namespace, _: list[str]) -> int:
    import shtab  # what no other command needs

    sys.stdout.write(f"{shtab.complete(parser(), shell=named.shell)}\n")
    return 0


def _check(named: argparse.Namespace, others: list[str]) -> int:
    given = {name: getattr(named, name) for name in ("tier", "runner", "allow", "evidence")}
    words = [f"--{name}={value}" for name, value in given.items() if value is not None]
    words += [f"--{name}" for name in ("trust", "keep") if getattr(named, name)]
    words += [f"--requirements={one}" for one in named.requirements]
    profile.read(named.directory)  # what is no project is told before an engine is installed for it
    if named.tier != Tier.DECLARED:
        _provide()
    return check.proven("check", [f"--stack={named.directory}", *words, "-p", "no:cacheprovider", *others])


def _provide() -> None:
    """An engine, and nothing on it that killed runs left; where it is not to be had, what needs it says so."""
    provided: tuple[Callable[[], None], ...] = (lambda: commands.engine(stop=False), lambda: commands.sweep(kept=False))
    for provide in provided:
        try:
            provide()
        except StackError as problem:
            sys.stderr.write(f"{problem}\n")


if __name__ == "__main__":
    sys.exit(main())
