"""How a step fails when another system does."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from integration_pipelines.integration import Integration
from integration_pipelines.remote import RemoteError


@contextmanager
def failing_in_words(opened: Integration) -> Iterator[None]:
    """A refused or lost call fails the run with the connector's own sentence, not with a traceback."""
    try:
        yield
    except RemoteError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    finally:
        opened.store_call_counts()
