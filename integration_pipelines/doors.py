"""Opens the doors to every account: what a call goes through, with which credentials and which budget.

The one place that knows which vendor serves which account. Network or simulation differ only in what
the transports talk through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channels, DeposcoAccount, VeeqoAccount
from integration_pipelines.config.secrets import Secrets
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.deposco.accounts import BasicSecrets, DeposcoSecrets, open_deposco
from integration_pipelines.connectors.deposco.sealed_tokens import SealedTokenStore
from integration_pipelines.connectors.deposco.tokens import OAuthSecrets
from integration_pipelines.connectors.http import Authority, Transport
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.returns import ReturnClient
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.connectors.mirakl.stock import StockClient
from integration_pipelines.connectors.quotas import MIRAKL, VEEQO, Budgets, Contract, deposco_contract
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.ledger import Ledger
from integration_pipelines.warehouse import Warehouse


@dataclass
class Doors:
    """Makes the connectors of one channels file.

    Attributes:
        random: jitter of retries.
        through: makes the httpx transport of each door instead of the network (simulations).
        calls: counts every call of every door.
        opened: every door so far, to be closed at the end.
    """

    channels: Channels
    secrets: Secrets
    ledger: Ledger
    clock: Clock
    random: Random
    through: Callable[[], Any] | None = None
    calls: CallCounter = field(default_factory=CallCounter)
    opened: list[Transport] = field(default_factory=list)
    _shops: dict[str, ShopDoor] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        contracts = dict.fromkeys(self.channels.marketplaces, MIRAKL)
        contracts |= {key: _contract(account) for key, account in self.channels.warehouses.items()}
        self._budgets = Budgets.shared(contracts, self.ledger.engine)

    def marketplace(self, key: str) -> MiraklClient:
        """The Mirakl account `marketplaces.<key>`."""
        return MiraklClient(self._mirakl(key))

    def stock(self, key: str) -> StockClient:
        """Offers and stock of the same account, through the same door."""
        return StockClient(self._mirakl(key))

    def shipments(self, key: str) -> ShipmentClient:
        """Parcels and carriers of the same account, through the same door."""
        return ShipmentClient(self._mirakl(key))

    def returns(self, key: str) -> ReturnClient:
        """Returns and refunds of the same account, through the same door."""
        return ReturnClient(self._mirakl(key))

    def _mirakl(self, key: str) -> ShopDoor:
        if key not in self._shops:
            settings = self.channels.marketplaces[key]
            credentials = {"Authorization": self.secrets.of_marketplace(key)}
            door = self._door(key, str(settings.base_url), credentials)
            self._shops[key] = ShopDoor(key, settings.shop_id, door)
        return self._shops[key]

    def warehouse(self, key: str) -> Warehouse:
        """The account `warehouses.<key>` behind the port, whichever system it is."""
        account, credentials = self.channels.warehouses[key], self.secrets.of_warehouse(key)
        if isinstance(account, VeeqoAccount):
            door = self._door(key, str(account.base_url), {"x-api-key": credentials["api_key"]})
            return VeeqoWarehouse(
                key,
                VeeqoClient(key, door),
                self.clock,
                guest_email_domain=account.guest_email_domain,
                time_zone=account.time_zone,
            )
        return self._deposco(key, account, credentials)

    def _deposco(self, key: str, account: DeposcoAccount, credentials: Mapping[str, str]) -> Warehouse:
        oauth = basic = None
        if "client_id" in credentials:
            oauth = OAuthSecrets(
                credentials["client_id"], credentials["client_secret"], credentials.get("refresh_token")
            )
        if "user" in credentials:
            basic = BasicSecrets(credentials["user"], credentials["password"])
        seals = {key: oauth.client_secret} if oauth else {}
        tokens = SealedTokenStore(self.ledger.engine, seals)
        secrets = DeposcoSecrets(oauth, basic)
        return open_deposco(
            key, account, secrets, door=partial(self._door, key), tokens=tokens, clock=self.clock
        )

    def _door(
        self,
        account: str,
        base_url: str,
        credentials: Mapping[str, str],
        *,
        authority: Authority | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Transport:
        opened = Transport(
            account,
            base_url,
            credentials,
            clock=self.clock,
            random=self.random,
            budgets=self._budgets,
            calls=self.calls,
            authority=authority,
            headers=headers,
            through=self.through() if self.through else None,
        )
        self.opened.append(opened)
        return opened


def _contract(account: VeeqoAccount | DeposcoAccount) -> Contract:
    return VEEQO if isinstance(account, VeeqoAccount) else deposco_contract(account.calls_per_second)
