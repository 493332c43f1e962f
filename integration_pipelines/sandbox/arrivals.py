"""When customers come, and to which marketplace: a plan per day that depends on the seed alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from integration_pipelines.sandbox.business import Business

# Share of a day's orders in each twenty-fourth of the ordering hours: a morning, a noon and an evening peak.
_DAILY_CURVE = (1, 2, 3, 4, 5, 5, 5, 6, 7, 6, 5, 4, 4, 4, 4, 5, 6, 8, 10, 11, 10, 7, 4, 2)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One order to come: `number` is unique per marketplace and day."""

    at: datetime
    marketplace: str
    number: int


def plan_day(business: Business, day: int) -> list[Arrival]:
    """The arrivals of day `day` (0 is the first), in the order of time."""
    random = Random(f"{business.seed}/arrivals/{day}")
    begins = business.start + timedelta(days=day)
    slot_seconds = business.ordering_hours * 3600 / len(_DAILY_CURVE)
    slots = random.choices(range(len(_DAILY_CURVE)), _DAILY_CURVE, k=business.orders_per_day)
    moments = sorted(begins + timedelta(seconds=(slot + random.random()) * slot_seconds) for slot in slots)
    keys = [marketplace.key for marketplace in business.marketplaces]
    weights = [marketplace.weight for marketplace in business.marketplaces]
    return [
        Arrival(at, random.choices(keys, weights)[0], 1 + day * 100_000 + number)
        for number, at in enumerate(moments)
    ]
