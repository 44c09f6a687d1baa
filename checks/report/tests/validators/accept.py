"""Hold documents against OSCAL's and in-toto's own libraries: `python accept.py DIR`, in an environment that has them.

Each document must be accepted as it is, and refused once something is taken from it: a validator that accepts
everything validates nothing. Knows nothing of the project.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from trestle.core.validator_factory import validator_factory
from trestle.oscal.assessment_results import AssessmentResults

Document = dict[str, Any]


def accept_oscal(document: Document) -> None:
    """Raise what trestle does for a document that is none, has an identifier twice, or one that leads nowhere."""
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / "assessment-results.json"
        file.write_text(json.dumps(document))
        model = AssessmentResults.oscal_read(file)
        for validator in validator_factory.get_all():
            if not validator.model_is_valid(model, True, Path(aside)):
                raise ValueError(f"{type(validator).__name__} objects")


def accept_statement(document: Document) -> None:
    """Raise what in-toto does for a statement or a predicate with a field missing or unknown."""
    parsed = json_format.ParseDict(document, statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    predicate = json_format.ParseDict(document["predicate"], test_result_pb2.TestResult())
    if not (predicate.result and predicate.configuration):
        raise ValueError("the predicate lacks a result or its configuration")


def broken_oscal(document: Document) -> Document:
    """Without the controls that it is about."""
    del document["assessment-results"]["results"][0]["reviewed-controls"]
    return document


def broken_statement(document: Document) -> Document:
    """Of nothing in particular."""
    return document | {"subject": [{"name": "nothing"}]}


KINDS: dict[str, tuple[Callable[[Document], None], Callable[[Document], Document]]] = {
    "oscal": (accept_oscal, broken_oscal),
    "intoto": (accept_statement, broken_statement),
}


def refuses(accept: Callable[[Document], None], document: Document) -> bool:
    """Whether a validator objects."""
    try:
        accept(document)
    except Exception:  # noqa: BLE001 - each library has errors of its own
        return True
    return False


def main(folder: Path) -> int:
    """0 when every document is accepted, and refused when it is broken."""
    count = 0
    for kind, (accept, broken) in KINDS.items():
        for file in sorted(folder.glob(f"*.{kind}.json")):
            accept(json.loads(file.read_text("utf-8")))
            if not refuses(accept, broken(json.loads(file.read_text("utf-8")))):
                raise SystemExit(f"{file.name}: broken, and accepted all the same")
            count += 1
    print(f"{count} documents accepted, each refused when broken")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
