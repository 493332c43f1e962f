"""The API keys of the accounts, from the environment only.

The channels file names variables; here they are looked up, all of them at once, before anything
starts. A `Secrets` never shows what it holds: not in a log, a traceback or a debugger's `repr`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from integration_pipelines.config.faults import ConfigurationError, Fault
from integration_pipelines.config.models import Channels, Marketplace, Warehouse

CHANNELS_FILE = "CHANNELS_FILE"


class Secrets:
    """API keys by account."""

    __slots__ = ("_marketplaces", "_warehouses")

    def __init__(self, marketplaces: Mapping[str, str], warehouses: Mapping[str, str]) -> None:
        self._marketplaces = dict(marketplaces)
        self._warehouses = dict(warehouses)

    def of_marketplace(self, key: str) -> str:
        """The Mirakl API key of `marketplaces.<key>`."""
        return self._marketplaces[key]

    def of_warehouse(self, key: str) -> str:
        """The API key of `warehouses.<key>`."""
        return self._warehouses[key]

    def __repr__(self) -> str:
        accounts = ", ".join([*self._marketplaces, *self._warehouses])
        return f"Secrets({accounts}: hidden)"

    def __reduce__(self) -> str:
        raise TypeError("Secrets are read where they are used; they are never stored or sent elsewhere.")


def read_secrets(channels: Channels, environ: Mapping[str, str]) -> Secrets:
    """Look up every variable that the channels file names.

    Raises:
        ConfigurationError: one line per variable that is missing, blank or damaged.
    """
    faults: list[Fault] = []
    found = {
        block: {key: _key_of(f"{block}.{key}", account, environ, faults) for key, account in accounts}
        for block, accounts in _accounts(channels).items()
    }
    if faults:
        raise ConfigurationError("The environment", faults)
    return Secrets(found["marketplaces"], found["warehouses"])


def secret_variables(channels: Channels) -> list[str]:
    """The names of all variables that hold a key, each once, in order of the file."""
    accounts = (account for block in _accounts(channels).values() for _, account in block)
    return list(dict.fromkeys(account.api_key_variable for account in accounts))


def read_environment(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment with `folder/.env` beneath it: a variable that is really set wins."""
    written = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return {**written, **(os.environ if environ is None else environ)}


def channels_file(environ: Mapping[str, str]) -> Path:
    """Where the channels file is: `CHANNELS_FILE`, else `channels.yaml` here."""
    return Path(environ.get(CHANNELS_FILE) or "channels.yaml")


def _accounts(channels: Channels) -> dict[str, Iterable[tuple[str, Marketplace | Warehouse]]]:
    return {"marketplaces": channels.marketplaces.items(), "warehouses": channels.warehouses.items()}


def _key_of(
    path: str, account: Marketplace | Warehouse, environ: Mapping[str, str], faults: list[Fault]
) -> str:
    variable = account.api_key_variable
    value = environ.get(variable)
    if value is None:
        problem = (
            f"the variable {variable} is not set; put the API key of {account.name} there (or into .env)"
        )
    elif not value.strip():
        problem = f"the variable {variable} is blank; put the API key of {account.name} there"
    elif not (value.isascii() and value.isprintable()) or " " in value:
        problem = (
            f"the variable {variable} holds blanks, line breaks or letters no key has; copy the key again"
        )
    else:
        return value
    faults.append(Fault(0, 0, path, problem))
    return ""
