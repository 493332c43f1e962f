"""What people are told about drift: one finding per class, with a deadline and the money where known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integration_pipelines.catalogue.causes import CAUSES, cause_of, owner_of, suggestion
from integration_pipelines.catalogue.facts import TO_MEND, UNLISTED, Drift, Side
from integration_pipelines.catalogue.findings import Group, findings, subject_of
from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import Code, Owner
from integration_pipelines.money import Money

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
FIRST = [{"sku": "mug", "other": "MUG", "why": "differs only by upper and lower case"}]
CASE = Group(Drift.CASE, Side.MARKETPLACE, 1, NOW, None, FIRST)


def test_one_offer_in_words() -> None:
    (found,) = findings("alpine", [CASE], NOW)
    assert (found.code, found.subject) == (Code.SKU_MISSPELT, "catalogue alpine differs_by_case")
    assert found.reason == (
        "1 offer: upper and lower case differ between the two sides. 'mug' (closest 'MUG')."
    )
    assert found.details["first"] == [
        {
            "sku": "mug",
            "closest": "MUG",
            "why": "differs only by upper and lower case",
            "to_do": "Make both sides spell it the same; the closest SKU is 'MUG'.",
        }
    ]
    assert (found.severity, found.deadline) == (Severity.WARNING, NOW + timedelta(days=3))


def test_a_pair_is_told_once_as_the_marketplace_has_it() -> None:
    (found,) = findings("alpine", [replace(CASE, side=Side.WAREHOUSE, skus=7), CASE], NOW)
    assert found.details["count"] == 1
    (items,) = findings("alpine", [replace(CASE, side=Side.WAREHOUSE, skus=7)], NOW)
    assert items.reason.startswith("7 items: ")


def test_many_are_counted_and_the_first_named() -> None:
    rows = [{"sku": f"S{number}", "other": None, "why": ""} for number in range(20)]
    group = Group(Drift.OFFER_WITHOUT_ITEM, Side.MARKETPLACE, 1_000, NOW, Money(Decimal(50), "EUR"), rows)
    (found,) = findings("alpine", [group], NOW)
    assert found.reason.endswith("'S0', 'S1', 'S2', 'S3', 'S4' and 995 more.")
    assert found.money_at_risk == Money(Decimal(50), "EUR")


@pytest.mark.parametrize(
    ("days", "severity"),
    [(0, Severity.NOTICE), (7, Severity.WARNING), (12, Severity.URGENT), (14, Severity.BREACHED)],
)
def test_it_presses_the_longer_it_lasts(days: int, severity: Severity) -> None:
    group = Group(Drift.INACTIVE_OFFER, Side.MARKETPLACE, 1, NOW, None, FIRST)
    (found,) = findings("alpine", [group], NOW + timedelta(days=days))
    assert found.severity is severity


def test_the_most_pressing_class_comes_first_and_each_has_a_subject_of_its_own() -> None:
    groups = [Group(drift, Side.MARKETPLACE, 1, NOW, None, FIRST) for drift in reversed(TO_MEND)]
    found = findings("alpine", groups, NOW)
    assert [one.subject for one in found] == [subject_of("alpine", drift) for drift in CAUSES]
    assert len({one.subject for one in found}) == len(TO_MEND)


@pytest.mark.parametrize("drift", TO_MEND)
def test_every_class_has_a_cause_an_owner_and_a_suggestion(drift: Drift) -> None:
    assert cause_of(drift)
    assert owner_of(drift) in set(Owner)
    assert "{" not in suggestion(drift, "MUG")


@pytest.mark.parametrize("drift", sorted(set(Drift) - set(TO_MEND) - UNLISTED))
def test_what_is_only_listed_says_why_and_asks_for_nothing(drift: Drift) -> None:
    assert cause_of(drift)
    assert owner_of(drift) == suggestion(drift, None) == ""
