"""What operators read of incidents."""

import pytest

from incidents.edges import Reason
from incidents.words import attached
from store import Attachment


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    assert attached(Attachment(reason.value, "vk:-1_2", 0.954)).endswith(", что у vk:-1_2 (0.95)")


def test_a_person_s_decision_names_no_neighbour() -> None:
    assert attached(Attachment(Reason.PERSON.value, None, 1.0)) == "так решил человек"
