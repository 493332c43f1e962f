"""The form in Dagster's launchpad for peak mode. What it does is `steer.py`; who did it stays on the row."""

import dagster as dg
from pydantic import Field

from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.stock.steer import SteeringError, peak_off, peak_on

_ABOUT = (
    "Peak mode of a channel: from now until a moment its `stock.peak` buffer holds instead of the usual one. "
    "It ends by itself."
)


class Peak(dg.Config):
    """The form."""

    channel: str = Field(description="The channel's key in the channels file.")
    on: bool = Field(default=True, description="False ends peak mode now.")
    until: str = Field(
        default="",
        description="When it ends, such as 2026-11-30T23:00, in the marketplace's own time zone.",
    )
    who: str = Field(description="Your name, as colleagues know it.")


@dg.op(description=_ABOUT)
def switch_peak_mode(context: dg.OpExecutionContext, config: Peak, integration: IntegrationResource) -> None:
    """The next push has the new buffer, for every SKU."""
    if not config.who.strip():
        raise dg.Failure("Fill in who: the next person must know whom to ask.", allow_retries=False)
    opened = integration.open()
    now, who = opened.clock.now(), config.who.strip()
    try:
        with opened.ledger.begin() as connection:
            told = (
                peak_on(connection, opened.channels, config.channel, config.until, who=who, now=now)
                if config.on
                else peak_off(connection, opened.channels, config.channel, who=who, now=now)
            )
    except SteeringError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info(told)
    context.add_output_metadata({"peak_mode": told})


@dg.job(description=_ABOUT, tags={"team": "ecommerce"})
def peak_mode() -> None:
    """The form's job."""
    switch_peak_mode()
