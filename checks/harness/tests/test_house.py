"""The house stays one that a stranger finds the way in: small modules, small classes, short names of tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

from stack import ROOT

LONGEST = {  # in lines; those that may be longer, and why
    "checks/faults/agents/container.py": 500,  # an agent is one file: it runs alone, in a helper container
    "checks/faults/agents/block_device.py": 340,  # likewise
    "checks/campaigns/bench/throughput.py": 320,  # a benchmark that reads from top to bottom
}
LINES, METHODS, NAME = 300, 30, 60


def sources() -> list[Path]:
    folders = ("service", "stack", "checks")
    return [ROOT / "noxfile.py", ROOT / "tasks.py", *(path for name in folders for path in (ROOT / name).rglob("*.py"))]


def definitions(kind: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    for path in sources():
        yield from ((path, node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kind))


def test_modules_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert len(lengths) > 100
    product = {name: lines for name, lines in lengths.items() if "/tests/" not in name}
    assert {name: lines for name, lines in product.items() if lines > LONGEST.get(name, LINES)} == {}
    assert all(product[name] > LINES for name in LONGEST)  # what has become shorter needs no leave


def test_classes_are_small() -> None:
    counted = {
        f"{path.relative_to(ROOT)}:{node.name}": sum(isinstance(part, ast.FunctionDef) for part in node.body)
        for path, node in definitions(ast.ClassDef)
        if isinstance(node, ast.ClassDef)
    }
    assert len(counted) > 100
    assert {name: methods for name, methods in counted.items() if methods > METHODS} == {}


def test_names_of_tests_are_short() -> None:
    names = [
        node.name
        for _, node in definitions(ast.FunctionDef)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(names) > 300
    assert [name for name in names if len(name) > NAME] == []
