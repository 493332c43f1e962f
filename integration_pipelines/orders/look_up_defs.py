"""A form in Dagster's launchpad for customer service: one order on both sides (M32).

The same story as `integration-pipelines order REF`. No names and no addresses: Dagster keeps what is
shown here, and anybody who may open the UI may read it.
"""

from collections.abc import Mapping

import dagster as dg
from pydantic import Field

from integration_pipelines.dagster_support.metadata import markdown_table, markdown_text
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.ledger.lookup import OrderStory, find_orders, read_order_story

MOST_ORDERS = 5
_FACTS = {
    "state": "state on the marketplace",
    "outcome": "how it left the flow",
    "number": "number in the warehouse",
    "total_price": "total",
    "currency": "currency",
    "placed_at": "placed",
    "accept_by": "accept by",
    "accepted_at": "accepted",
    "ship_by": "ship by",
    "look_at": "next look",
    "failures": "failed attempts in a row",
}


class Wanted(dg.Config):
    """The form."""

    reference: str = Field(
        description="The marketplace's order number (also as <marketplace>/<number>), "
        "our number in the warehouse, or the warehouse's own id."
    )


@dg.op(
    description="Shows where an order stands, what is wrong with it and all that happened, oldest first. "
    "Open the step's output in the run to read it."
)
def show_order(context: dg.OpExecutionContext, config: Wanted, integration: IntegrationResource) -> None:
    """Reads the ledger only."""
    with integration.open().ledger.begin() as connection:
        found = find_orders(connection, config.reference.strip())[:MOST_ORDERS]
        stories = [read_order_story(connection, *each) for each in found]
    if not stories:
        raise dg.Failure(
            f"No order is known as {config.reference!r}. Check the number; an order that was placed just "
            "now is read within a minute.",
            allow_retries=False,
        )
    for story in stories:
        order = story.order
        context.log.info(f"{_subject(story)}: {order['state']}, {order['outcome'] or 'open'}")
    context.add_output_metadata(
        {_subject(story): dg.MetadataValue.md(as_markdown(story)) for story in stories}
    )


@dg.job(description="Where is my order? One order's whole timeline on both sides.", tags={"team": "cx"})
def look_up_order() -> None:
    """The form's job."""
    show_order()


def build_defs() -> dg.Definitions:
    """The job."""
    return dg.Definitions(jobs=[look_up_order])


def as_markdown(story: OrderStory) -> str:
    """The story as Markdown, without the buyer."""
    facts = [{"fact": label, "value": story.order[column]} for column, label in _FACTS.items()]
    timeline = [
        {"when": entry.at, "who": entry.side, "what": entry.what, "details": _details(entry.details)}
        for entry in story.timeline
    ]
    sections = {
        f"## {markdown_text(_subject(story))}": markdown_table(facts, ("fact", "value")),
        "### Lines": markdown_table(story.lines, ("sku", "quantity", "unit_price", "state")),
        "### In the warehouse": markdown_table(story.bookings, ("number", "id", "state", "raw_status")),
        "### Exceptions": markdown_table(
            story.exceptions, ("id", "code", "state", "reason", "owner", "deadline")
        ),
        "### Timeline": markdown_table(timeline, ("when", "who", "what", "details")),
    }
    return "\n\n".join(part for section in sections.items() for part in section)


def _subject(story: OrderStory) -> str:
    return f"{story.order['marketplace']}/{story.order['order_id']}"


def _details(details: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in details.items() if value is not None)
