"""A Deposco account in the channels file: what it needs, and what is said of a wrong one."""

from datetime import time

import pytest

from integration_pipelines.config import ConfigurationError, DeposcoAccount, parse_channels, read_secrets
from integration_pipelines.config.deposco import Generation, Grant
from integration_pipelines.config.warehouses import WarehouseSystem
from integration_pipelines.warehouse import WarehouseOrderState

FILE = """
marketplaces:
  alpine: {name: Alpine, base_url: "https://alpine.example.com", api_key_variable: ALPINE_KEY, shop_id: 1,
           currency: EUR, acceptance_window_hours: 24}
warehouses:
  depot:
    name: Depot
    system: deposco
    business_unit: ACME
    company_code: acmeprod
    client_id_variable: DEPOT_CLIENT_ID
    client_secret_variable: DEPOT_CLIENT_SECRET
    refresh_token_variable: DEPOT_REFRESH_TOKEN
    user_variable: DEPOT_USER
    password_variable: DEPOT_PASSWORD
    orders: {ship_via: Standard}
    states: {Parked: on_hold}
    facilities:
      - number: DC1
        time_zone: Europe/Paris
        cut_off: "14:30"
        working_days: [1, 2, 3]
        holidays: [2026-12-25]
channels:
  alpine: {marketplace: alpine, warehouse: depot, order_policy: accept_then_queue, number_prefix: ALP,
           store: ACME}
"""
V1_ONLY = "    capabilities: {orders: v1, items: v1, shipments: v1}\n"
ENVIRONMENT = {
    name: f"value-of-{name}"
    for name in (
        "ALPINE_KEY",
        "DEPOT_CLIENT_ID",
        "DEPOT_CLIENT_SECRET",
        "DEPOT_REFRESH_TOKEN",
        "DEPOT_USER",
        "DEPOT_PASSWORD",
    )
}


def depot(text: str = FILE) -> DeposcoAccount:
    account = parse_channels(text).warehouses["depot"]
    assert isinstance(account, DeposcoAccount)
    return account


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text)
    return [f"{fault.path}: {fault.problem}" for fault in caught.value.faults]


def test_the_whole_profile_can_be_said_in_the_file() -> None:
    account = depot()
    assert account.system is WarehouseSystem.DEPOSCO
    assert account.capabilities.orders is Generation.V2
    assert account.capabilities.availability is Generation.V1
    assert account.orders.ship_via == "Standard"
    assert account.states == {"Parked": WarehouseOrderState.ON_HOLD}
    [facility] = account.facilities
    assert facility.cut_off == time(14, 30)
    assert facility.working_days == {1, 2, 3}


def test_only_the_credentials_of_the_doors_in_use_are_asked_for() -> None:
    channels = parse_channels(FILE)
    assert set(read_secrets(channels, ENVIRONMENT).of_warehouse("depot")) == {
        "client_id",
        "client_secret",
        "refresh_token",
        "user",
        "password",
    }
    only_v1 = FILE.replace("    orders: {", f"{V1_ONLY}    orders: {{")
    environment = {name: ENVIRONMENT[name] for name in ("ALPINE_KEY", "DEPOT_USER", "DEPOT_PASSWORD")}
    secrets = read_secrets(parse_channels(only_v1), environment)
    assert secrets.of_warehouse("depot") == {
        "user": "value-of-DEPOT_USER",
        "password": "value-of-DEPOT_PASSWORD",
    }


def test_the_client_credentials_grant_needs_no_refresh_token() -> None:
    text = FILE.replace(
        "    refresh_token_variable: DEPOT_REFRESH_TOKEN\n",
        "    v2: {oauth: {grant: client_credentials, scope: salesOrders/write}}\n",
    )
    account = depot(text)
    assert account.v2
    assert account.v2.oauth.grant is Grant.CLIENT_CREDENTIALS
    assert "refresh_token" not in account.secret_variables


def test_a_missing_variable_is_named_with_what_belongs_there() -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "DEPOT_REFRESH_TOKEN"}
    with pytest.raises(ConfigurationError) as caught:
        read_secrets(parse_channels(FILE), environment)
    assert "DEPOT_REFRESH_TOKEN is not set; put the refresh token of Depot there" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "    password_variable: DEPOT_PASSWORD\n",
            "",
            "warehouses.depot: the capabilities need password_variable; name the environment variables",
        ),
        (
            "    company_code: acmeprod\n",
            "",
            "warehouses.depot: the V1 address needs `company_code`, the environment's code",
        ),
        (
            "order_policy: accept_then_queue",
            "order_policy: reserve_then_accept",
            "channels.alpine.order_policy: Deposco cannot reserve before an order may be picked; use "
            "accept_then_queue",
        ),
        (
            "    system: deposco\n",
            "",
            "warehouses.depot: `system` is missing (which warehouse system it is: veeqo or deposco)",
        ),
        (
            "user_variable: DEPOT_USER",
            "user_variable: hunter2",
            "warehouses.depot.user_variable: must be the NAME of an environment variable, such as "
            "ALPINE_API_KEY (capitals, digits, _); never write the API key itself into this file",
        ),
        (
            "states: {Parked: on_hold}",
            "states: {Parked: onhold}",
            "warehouses.depot.states.Parked: must be one of reserved, released, backordered, on_hold, "
            "shipped, cancelled, unknown, not 'onhold'; did you mean on_hold?",
        ),
        (
            "    business_unit: ACME\n",
            "    business_unit: ACME\n    buisness: X\n",
            "warehouses.depot.buisness: unknown key; did you mean business_unit?",
        ),
        (
            "time_zone: Europe/Paris",
            "time_zone: Paris",
            "warehouses.depot.facilities.0.time_zone: unknown time zone 'Paris'; use an IANA name such as "
            "Europe/Paris",
        ),
    ],
)
def test_one_fault_gives_one_sentence_with_its_place(before: str, after: str, said: str) -> None:
    assert before in FILE
    assert faults(FILE.replace(before, after)) == [said]
