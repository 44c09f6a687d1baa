"""Names of tests and observations, read as words."""

import re


def title(name: str) -> str:
    """Read a test's name as the sentence that it is."""
    words, bracket, case = name.partition("::")[2].removeprefix("test_").partition("[")
    return words.replace("_", " ") + (f" [{case}" if bracket else "")


def spoken(name: str) -> str:
    """Read the name of a kind of observation as words: `ACLFile` is "ACL file"."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z\d]*|[a-z\d]+", name)
    told = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return told[:1].upper() + told[1:]


def anchor(name: str) -> str:
    """Give the place on the page where a test stands."""
    return re.sub(r"\W+", "-", name).strip("-")
