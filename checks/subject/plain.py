"""Texts of strangers, made safe to print: whatever could steer a terminal or turn the order of letters is spelt out."""

from __future__ import annotations

import unicodedata

STEERING = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # controls, formats (U+202E), unassigned, line separators


def plain(text: str, longest: int = 200) -> str:
    """The text in one line, with each such character spelt out, and no longer than that."""
    spelt = "".join(_spelt(one) if unicodedata.category(one) in STEERING else one for one in text[: longest + 1])
    return spelt if len(spelt) <= longest else f"{spelt[: longest - 1]}…"


def _spelt(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
