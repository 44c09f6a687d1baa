"""A command line whose exit codes are ours."""

import argparse
from typing import NoReturn

UNUSABLE = 3


class UnusableError(Exception):
    """The command line names nothing that can be judged."""


class Parser(argparse.ArgumentParser):
    """A parser that leaves the exit code to `main`: argparse's own, 2, means undecided here."""

    def error(self, message: str) -> NoReturn:
        raise UnusableError(message)
