"""The keys and credentials of the accounts, from the environment only.

The channels file names variables; here they are looked up, all of them at once, before anything
starts. A `Secrets` never shows what it holds: not in a log, a traceback or a debugger's `repr`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from integration_pipelines.config.faults import ConfigurationError, Fault
from integration_pipelines.config.models import Channels, Marketplace
from integration_pipelines.config.warehouses import Warehouse

CHANNELS_FILE = "CHANNELS_FILE"


class Secrets:
    """Credentials by account."""

    __slots__ = ("_marketplaces", "_warehouses")

    def __init__(
        self,
        marketplaces: Mapping[str, Mapping[str, str]],
        warehouses: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._marketplaces = dict(marketplaces)
        self._warehouses = dict(warehouses)

    def of_marketplace(self, key: str) -> str:
        """The Mirakl API key of `marketplaces.<key>`."""
        return self._marketplaces[key]["api_key"]

    def of_warehouse(self, key: str) -> Mapping[str, str]:
        """The credentials of `warehouses.<key>`, by the names of its `secret_variables`."""
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
        block: {
            key: {
                name: _value_of(f"{block}.{key}", account.name, name, variable, environ, faults)
                for name, variable in account.secret_variables.items()
            }
            for key, account in accounts
        }
        for block, accounts in _accounts(channels).items()
    }
    if faults:
        raise ConfigurationError("The environment", faults)
    return Secrets(found["marketplaces"], found["warehouses"])


def secret_variables(channels: Channels) -> list[str]:
    """The names of all variables that hold a key, each once, in order of the file."""
    accounts = (account for block in _accounts(channels).values() for _, account in block)
    return list(
        dict.fromkeys(variable for account in accounts for variable in account.secret_variables.values())
    )


def read_environment(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment with `folder/.env` beneath it: a variable that is really set wins."""
    written = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return {**written, **(os.environ if environ is None else environ)}


def channels_file(environ: Mapping[str, str]) -> Path:
    """Where the channels file is: `CHANNELS_FILE`, else `channels.yaml` here."""
    return Path(environ.get(CHANNELS_FILE) or "channels.yaml")


def _accounts(channels: Channels) -> dict[str, Iterable[tuple[str, Marketplace | Warehouse]]]:
    return {"marketplaces": channels.marketplaces.items(), "warehouses": channels.warehouses.items()}


def _value_of(
    path: str, account: str, name: str, variable: str, environ: Mapping[str, str], faults: list[Fault]
) -> str:
    what = "API key" if name == "api_key" else name.replace("_", " ")
    value = environ.get(variable)
    if value is None:
        problem = f"the variable {variable} is not set; put the {what} of {account} there (or into .env)"
    elif not value.strip():
        problem = f"the variable {variable} is blank; put the {what} of {account} there"
    elif not (value.isascii() and value.isprintable()) or " " in value:
        problem = (
            f"the variable {variable} holds blanks, line breaks or letters no key has; copy the {what} again"
        )
    else:
        return value
    faults.append(Fault(0, 0, path, problem))
    return ""
