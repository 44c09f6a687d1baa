"""What only the checks of R2 look at: the project where it stands."""

from collections.abc import Iterator

import pytest

from checks.core.evidence import Folder
from checks.core.runner import SWARM
from checks.subject import on_swarm, secret_places
from checks.subject.profile import Subject
from checks.subject.stack import Files
from checks.subject.standing import standing


@pytest.fixture(scope="session")
def original(tested: Subject, evidence_folder: Folder) -> Iterator[Files]:
    """The project where it stands, unprepared and under its own name; its secrets are hidden."""
    with standing(tested, name="") as found:
        if tested.runner == SWARM:  # as in the copy
            on_swarm.leave_out_healers(found.project)
        evidence_folder.hide(*found.secrets_there().values())
        evidence_folder.hide(*secret_places.to_hide(found.project.config, found.project.directory))
        yield found
