"""A form in Dagster's launchpad for customer service: one order on both sides (M32).

The same story as `integration-pipelines order REF`. No names and no addresses: Dagster keeps what is
shown here, and anybody who may open the UI may read it.
"""

import dagster as dg
from pydantic import Field

from integration_pipelines.dagster_support.metadata import markdown_table, markdown_text
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.orders.show import OrderStory, find_orders


class Wanted(dg.Config):
    """The form."""

    reference: str = Field(
        description="The marketplace's order number (also as <marketplace>/<number>), its commercial number, "
        "or our number in the warehouse."
    )


@dg.op(
    description="Shows where an order stands, what is wrong with it and all that happened, oldest first. "
    "Open the step's output in the run to read it."
)
def show_order(context: dg.OpExecutionContext, config: Wanted, integration: IntegrationResource) -> None:
    """Reads the ledger only."""
    with integration.open().ledger.begin() as connection:
        stories = find_orders(connection, config.reference)
    if not stories:
        raise dg.Failure(
            f"No order is known as {config.reference!r}. Check the number; an order that was placed just "
            "now is read within a minute.",
            allow_retries=False,
        )
    for story in stories:
        context.log.info(f"{story.subject}: {story.order['state']}, {story.order['outcome']}")
    context.add_output_metadata({story.subject: dg.MetadataValue.md(as_markdown(story)) for story in stories})


@dg.job(description="Where is my order? One order's whole timeline on both sides.", tags={"team": "cx"})
def look_up_order() -> None:
    """The form's job."""
    show_order()


def build_defs() -> dg.Definitions:
    """The job."""
    return dg.Definitions(jobs=[look_up_order])


def as_markdown(story: OrderStory) -> str:
    """The story as Markdown."""
    facts = [{"fact": name.replace("_", " "), "value": value} for name, value in story.order.items()]
    timeline = [
        {"when": entry.at, "who": entry.side, "what": entry.what, "details": _details(entry.details)}
        for entry in story.timeline
    ]
    parts = [f"## {markdown_text(story.subject)}", markdown_table(facts, ("fact", "value"))]
    if story.exceptions:
        columns = ("id", "code", "state", "reason", "owner", "deadline")
        parts += ["### Exceptions", markdown_table([dict(row) for row in story.exceptions], columns)]
    parts += ["### Timeline", markdown_table(timeline, ("when", "who", "what", "details"))]
    return "\n\n".join(parts)


def _details(details: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in details.items() if value is not None)
