"""The `catalogue` block of a channel: off unless it says so, good for a shop that says no more than that."""

from datetime import time, timedelta

import pytest

from integration_pipelines.config import CataloguePolicy, ConfigurationError, parse_channels
from integration_pipelines_tests.config.test_load import GOOD, place_of


def catalogue_of(text: str) -> CataloguePolicy:
    return parse_channels(text).channels["alpine"].catalogue


def test_a_channel_that_says_nothing_is_not_audited() -> None:
    assert catalogue_of(GOOD) == CataloguePolicy()
    assert not CataloguePolicy().enabled


def test_all_of_it_can_be_said() -> None:
    said = (
        '    catalogue: {enabled: true, audit_at: "06:30", grace_hours: 0.5, barcodes: false, folder: out}\n'
    )
    found = catalogue_of(GOOD + said)
    assert (found.enabled, found.audit_at, found.barcodes, found.folder) == (True, time(6, 30), False, "out")
    assert found.grace == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ("grace_hours: -1", "-1}"),
        ("grace_hours: 721", "721"),
        ("folder: ''", "''"),
        ("graze_hours: 1", "graze"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(wrong: str, at: str) -> None:
    text = GOOD + f"    catalogue: {{{wrong}}}\n"
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text)
    assert place_of(text, at) in str(caught.value)
