"""Snapshots of incidents as people see them."""

import pytest

from incidents.config import Deadlines
from incidents.describe import Describer
from store import Member
from tests.incidents.make import BURST, KOPEYSK, START


@pytest.mark.parametrize(
    ("names", "title"),
    [
        ({BURST: "Аварии на водопроводе"}, "Аварии на водопроводе — Копейск"),
        ({}, f"{BURST.removeprefix('★ ')} — Копейск"),
    ],
)
def test_a_title_has_the_name_of_the_topic_and_the_topic_its_spelling(names, title):
    member = Member(
        id="a",
        published=START,
        kind="post",
        source="vk",
        municipality=KOPEYSK,
        municipality_name="Копейский",
        settlement="Копейск",
        group="ЖКХ",
        topic=BURST,
        urgency="now",
        needs_review=False,
        url=None,
        history=False,
    )
    incident = Describer((), Deadlines(), names).describe([member], START, None)
    assert (incident.title, incident.topic) == (title, BURST)
