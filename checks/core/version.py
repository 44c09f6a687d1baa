"""Which version of this project runs: the one that is installed, or what a clone says of itself."""

import tomllib
from functools import cache

from stack import ROOT


@cache
def version() -> str:
    """As `0.2.0`: the wheel has pyproject.toml where a clone has it."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(told["project"]["version"])
