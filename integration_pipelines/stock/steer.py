"""What people ask of a channel's stock by hand: tell it now, peak mode.

The command line and the forms in Dagster call the same. What a figure becomes by it is `figure.py`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from integration_pipelines.config import Channel, Channels
from integration_pipelines.ledger.stock_steering import begin_peak, end_peak
from integration_pipelines.stock.act import StockReport, StockWork

PUSH_PATIENCE = timedelta(minutes=3)  # an import was seen to take seconds to a minute (Mirakl §5.2)
ASK_AGAIN = 15.0  # seconds; as often as Mirakl tells where an import stands (STO02)


class SteeringError(ValueError):
    """What was asked cannot be done; says what to change."""


def tell_now(work: StockWork, *, everything: bool = False, patience: timedelta) -> StockReport:
    """Passes over one marketplace until its figures are told and it has said what became of them.

    Args:
        everything: tells all figures again, changed or not; what is left when patience ends, runs go on with.
        patience: then the next passes go on.

    Raises:
        RemoteError: the marketplace gave no usable answer.
    """
    end = work.clock.now() + patience
    if everything:
        work.ask_for_all()
    report = work.work()
    total = replace(report)
    while work.shop.policy.enabled and (report.told or report.waiting) and work.clock.now() < end:
        work.clock.sleep(ASK_AGAIN)
        report = work.work()
        total = StockReport(
            told=total.told + report.told,
            full=total.full or report.full,
            applied=total.applied + report.applied,
            refused=total.refused + report.refused,
            ignored=total.ignored + report.ignored,
            braked=report.braked,
            waiting=report.waiting,
        )
    return total


def peak_on(
    connection: Connection, channels: Channels, channel: str, until: str, *, who: str, now: datetime
) -> str:
    """Switch peak mode on for a channel until a moment; answers what holds now, in words.

    Args:
        until: ISO 8601, in the marketplace's own time zone unless it names another.

    Raises:
        SteeringError: there is no such channel, it has no peak buffer, or `until` is no future moment.
    """
    settings = _settings(channels, channel)
    if settings.stock.peak is None:
        raise SteeringError(
            f"{channel} has no `stock.peak` block in the channels file, so nobody said what peak mode keeps "
            "back. Give it a buffer there first; where another side owns the buffer, set it on that side."
        )
    ends = _moment(until, channels.marketplaces[settings.marketplace].time_zone)
    if ends <= now:
        raise SteeringError(f"Peak mode until {ends:%Y-%m-%d %H:%M} UTC would be over already.")
    begin_peak(connection, channel, until=ends, who=who, now=now)
    return f"Peak mode of {channel} holds until {ends:%Y-%m-%d %H:%M} UTC; the next push has its buffer."


def peak_off(connection: Connection, channels: Channels, channel: str, *, who: str, now: datetime) -> str:
    """End peak mode by command; answers what holds now, in words.

    Raises:
        SteeringError: there is no such channel.
    """
    policy = _settings(channels, channel).stock
    ended = end_peak(connection, channel, who=who, now=now)
    told = (
        f"Peak mode of {channel} has ended." if ended else f"Nobody had switched peak mode of {channel} on."
    )
    if policy.buffer_at(now) != policy.buffer:
        told += " A window of the channels file holds still; change it there."
    return told


def _settings(channels: Channels, channel: str) -> Channel:
    if channel not in channels.channels:
        raise SteeringError(f"There is no channel {channel!r}; there are {', '.join(channels.channels)}.")
    return channels.channels[channel]


def _moment(words: str, time_zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(words.strip())
    except ValueError as error:
        raise SteeringError(f"{words!r} is no moment; write it such as 2026-11-30T23:00.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
