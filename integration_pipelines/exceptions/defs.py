"""Forms in Dagster's launchpad for people who work exceptions: retry, resolve.

The number of an exception stands in the tables of the checks. What the acts do is `acts.py`; every act
is recorded with who did it and why.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field
from sqlalchemy import Connection

from integration_pipelines.dagster_support.metadata import markdown_table, shown
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.exceptions.acts import UnknownExceptionError, read_exception, resolve, retry

_HISTORY = ("at", "what", "who", "note")
_SHOWN = ("id", "code", "subject", "state", "reason", "owner", "severity", "deadline", "times_opened")


class Act(dg.Config):
    """The form."""

    number: int = Field(description="Number of the exception, from a check's table.")
    who: str = Field(description="Your name, as colleagues know it.")
    note: str = Field(description="What you found or changed; it stays in the exception's history.")


def build_defs() -> dg.Definitions:
    """The jobs."""
    return dg.Definitions(
        jobs=[
            _form(
                "retry_exception",
                "Lets the order behind an exception be tried again at once, refused writes included. For "
                "when you have mended the cause.",
                retry,
            ),
            _form(
                "resolve_exception",
                "Takes an exception off the queue with a note. Where a rule asked for a person (price drop, "
                "short stock, total mismatch) the order then goes on as if it were allowed; a brake on stock "
                "is released for its marketplace for half an hour.",
                resolve,
            ),
        ]
    )


def _form(name: str, description: str, act: Callable[..., None]) -> dg.JobDefinition:
    @dg.op(name=f"{name}_now", description=description)
    def carry_out(context: dg.OpExecutionContext, config: Act, integration: IntegrationResource) -> None:
        if not config.who.strip() or not config.note.strip():
            raise dg.Failure(
                "Fill in who and note: the history must tell the next person who did what and why."
            )
        opened = integration.open()
        try:
            with opened.ledger.begin() as connection:
                metadata = _act(connection, act, config, opened.clock.now())
        except UnknownExceptionError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.add_output_metadata(metadata)

    @dg.job(name=name, description=description, tags={"team": "operations"})
    def form() -> None:
        carry_out()

    return form


def _act(
    connection: Connection, act: Callable[..., None], form: Act, now: datetime
) -> dict[str, dg.MetadataValue[Any]]:
    act(connection, form.number, who=form.who.strip(), note=form.note.strip(), now=now)
    after, history = read_exception(connection, form.number)
    told = markdown_table(history, _HISTORY)
    return shown({**{name: after[name] for name in _SHOWN}, "history": dg.MetadataValue.md(told)})
