"""The code location `operations`: gathers every flow's definitions around the channels file.

Loading reads the channels file and nothing else: no secret, no database and no network is needed
before something works. Without a channels file there is nothing to define but the upkeep of Dagster
itself; the location still loads and says what to do. A wrong file does not load at all.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from integration_pipelines.catalogue import defs as catalogue
from integration_pipelines.config import Channels, channels_file, read_channels, read_environment
from integration_pipelines.dagster_support import housekeeping
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.exceptions import defs as exceptions
from integration_pipelines.fulfilments import defs as fulfilments
from integration_pipelines.orders import defs as orders
from integration_pipelines.orders import look_up_defs as look_up
from integration_pipelines.returns import defs as returns
from integration_pipelines.stock import defs as stock

log = logging.getLogger(__name__)

SENSORS_RUNNING = "DAGSTER_SENSORS_RUNNING"  # "1": sensors and schedules are on from the start


def build_defs(
    channels: Channels | None, *, running: bool = False, integration: IntegrationResource | None = None
) -> dg.Definitions:
    """All definitions of the location.

    Args:
        channels: None while there is no channels file.
        running: sensors and schedules are on from the start; a switch in the UI wins over it.
        integration: another one than this process's own, for tests.
    """
    if channels is None:
        return housekeeping.upkeep(running=running)
    return dg.Definitions.merge(
        orders.build_defs(channels, running=running),
        stock.build_defs(channels, running=running),
        fulfilments.build_defs(channels, running=running),
        returns.build_defs(channels, running=running),
        catalogue.build_defs(channels, running=running),
        look_up.build_defs(),
        exceptions.build_defs(),
        housekeeping.upkeep(running=running),
        dg.Definitions(
            resources={"integration": integration or IntegrationResource()},
            # A process per step costs seconds; the steps here are reads and short writes.
            executor=dg.in_process_executor,
        ),
    )


def read_defs(folder: Path, environ: Mapping[str, str] | None = None) -> dg.Definitions:
    """The definitions that the environment asks for.

    Raises:
        ConfigurationError: the channels file is wrong.
    """
    settings = read_environment(folder, environ)
    running = settings.get(SENSORS_RUNNING) == "1"
    path = folder / channels_file(settings)
    if not path.exists():
        log.warning(
            "There is no %s, so no marketplace is defined. Copy channels.example.yaml there, or set "
            "CHANNELS_FILE, and load the location again; `make demo` shows it all on a sandbox.",
            path,
        )
        return build_defs(None, running=running)
    return build_defs(read_channels(path), running=running)


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -w workspace.yaml` and `dagster definitions validate` load."""
    return read_defs(Path.cwd())
