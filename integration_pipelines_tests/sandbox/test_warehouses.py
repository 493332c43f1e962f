"""Several warehouses in one sandbox: who serves whom, where each answers, and that none disturbs another."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Enforcement, FaultPlan, Sandbox, WarehouseAccount
from integration_pipelines.sandbox.business import DEMO_MARKETPLACES, QUIET_CUSTOMERS
from integration_pipelines.sandbox.deposco import DeposcoSettings, DeposcoTenant
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.sandbox.deposco_caller import MUG, ORDERS, Guest

START = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
VEEQO = WarehouseAccount("veeqo_main", serves=("alpine",))
DEPOSCO = WarehouseAccount("deposco_main", "deposco", ("borealis", "cantina"))


def business(*warehouses: WarehouseAccount, **more: Any) -> Business:
    chosen: dict[str, Any] = {
        "seed": 3,
        "start": START,
        "marketplaces": DEMO_MARKETPLACES,
        "warehouses": warehouses,
        "orders_per_day": 0,
        "catalogue_size": 60,
        "habits": QUIET_CUSTOMERS,
        "enforcement": Enforcement.OFF,
    }
    return Business(**chosen | more)


def opened(chosen: Business) -> tuple[Sandbox, ManualClock]:
    clock = ManualClock(chosen.start)
    return Sandbox(chosen, clock), clock


def ask_veeqo(sandbox: Sandbox, key: str, path: str) -> Answer:
    account = next(each for each in sandbox.accounts() if each["name"] == key)
    return sandbox.answer("GET", f"{account['base_path']}{path}", {"x-api-key": account["key"]})


def test_a_plain_business_has_one_veeqo_account_for_all_its_marketplaces() -> None:
    plain = Business(seed=1, start=START, marketplaces=DEMO_MARKETPLACES)
    (account,) = plain.warehouses
    assert (account.key, account.system) == ("veeqo_main", "veeqo")
    assert plain.serves(account) == ("alpine", "borealis", "cantina")


def test_the_demo_has_a_warehouse_of_each_system() -> None:
    demo = Business.demo()
    systems = {each.key: demo.warehouse_of(each.key).system for each in demo.marketplaces}
    assert systems == {"alpine": "veeqo", "borealis": "deposco", "cantina": "deposco"}


def test_a_warehouse_without_a_list_serves_whatever_no_other_names() -> None:
    rest = WarehouseAccount("rest")
    assert business(DEPOSCO, rest).serves(rest) == ("alpine",)


@pytest.mark.parametrize(
    ("warehouses", "named"),
    [
        ((VEEQO,), "borealis"),
        ((VEEQO, WarehouseAccount("other", serves=("alpine", "borealis", "cantina"))), "alpine"),
        ((WarehouseAccount("one"), WarehouseAccount("other")), "alpine"),
        ((VEEQO, WarehouseAccount("other", serves=("borealis", "cantina", "nowhere"))), "nowhere"),
        ((VEEQO, replace(DEPOSCO, key="veeqo_main")), "veeqo_main"),
        ((replace(VEEQO, key="alpine"), DEPOSCO), "alpine"),
    ],
)
def test_a_marketplace_without_exactly_one_warehouse_is_refused(
    warehouses: tuple[WarehouseAccount, ...], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        business(*warehouses)


def test_links_of_a_tenant_lead_back_through_the_sandbox() -> None:
    guest = Guest(opened(business(VEEQO, DEPOSCO))[0])
    page = guest.get("/latest/items?pageSize=40")
    rest = guest.follow(page)
    assert len({row["number"] for row in (*page["data"], *rest["data"])}) == 60


def test_accounts_of_the_same_system_answer_at_paths_of_their_own() -> None:
    sandbox, _ = opened(
        business(
            WarehouseAccount("first", "deposco", ("alpine",)),
            WarehouseAccount("second", "deposco", ("borealis",), DeposcoSettings("any", business_unit="B")),
            WarehouseAccount("third", serves=("cantina",)),
            WarehouseAccount("fourth", serves=()),
        )
    )
    paths = {each["name"]: each["base_path"] for each in sandbox.accounts() if each["system"] != "mirakl"}
    assert paths == {
        "first": "/deposco",
        "second": "/deposco-second",
        "third": "/veeqo",
        "fourth": "/veeqo-fourth",
    }
    first, second = sandbox.deposco, sandbox.warehouses["second"]
    assert first is sandbox.warehouses["first"]
    assert isinstance(second, DeposcoTenant)
    stored = Guest(sandbox, second, "/deposco-second").place("A-1", (sandbox.products[0].sku, 1))
    link = stored["self"]["href"]
    assert link.startswith("http://tenant.example/deposco-second/latest/")
    counts = {key: len(told["orders"]) for key, told in sandbox.truth()["warehouses"].items()}
    assert counts == {"first": 0, "second": 1, "third": 0, "fourth": 0}
    assert ask_veeqo(sandbox, "fourth", "/orders").status == 200
    assert sandbox.answer("GET", "/deposco-first/latest/items").status == 404


def test_a_business_without_a_system_says_so() -> None:
    with pytest.raises(LookupError, match="no DeposcoTenant"):
        _ = opened(business(replace(VEEQO, serves=None)))[0].deposco


def test_every_warehouse_has_the_catalogue_with_stock_of_its_own() -> None:
    sandbox, _ = opened(business(VEEQO, DEPOSCO))
    stock = {key: told["stock"] for key, told in sandbox.truth()["warehouses"].items()}
    skus = {product.sku for product in sandbox.products}
    assert set(stock["veeqo_main"]) == set(stock["deposco_main"]) == skus
    sku = sandbox.products[0].sku
    Guest(sandbox).place("A-1", (sku, 2))
    after = sandbox.truth()["warehouses"]
    assert after["veeqo_main"]["stock"] == stock["veeqo_main"]
    assert after["deposco_main"]["stock"][sku] != stock["deposco_main"][sku]


def test_a_product_is_added_everywhere_or_where_told() -> None:
    sandbox, _ = opened(business(VEEQO, DEPOSCO))
    sandbox.add_product(MUG)
    sandbox.add_product(replace(MUG, sku="MUG-2", barcode=""), "deposco_main")
    stock = {key: told["stock"] for key, told in sandbox.truth()["warehouses"].items()}
    assert ["MUG-BLU" in stock[key] for key in ("veeqo_main", "deposco_main")] == [True, True]
    assert ["MUG-2" in stock[key] for key in ("veeqo_main", "deposco_main")] == [False, True]


def test_a_late_product_is_created_where_its_marketplace_is_served() -> None:
    always = replace(QUIET_CUSTOMERS, unknown_sku=1.0)
    sandbox, clock = opened(business(VEEQO, DEPOSCO, orders_per_day=120, habits=always))
    known = {product.sku for product in sandbox.products}
    clock.advance(86_400)
    created = {key: set(told["stock"]) - known for key, told in sandbox.truth()["warehouses"].items()}
    ordered: dict[str, set[str]] = {key: set() for key in sandbox.warehouses}
    for key, account in sandbox.marketplaces.items():
        lines = {line.sku for order in account.orders.values() for line in order.lines}
        ordered[sandbox.business.warehouse_of(key).key] |= lines
    for key, skus in created.items():
        assert len(skus) > 5
        assert skus <= ordered[key]


def test_the_people_of_every_warehouse_work_when_time_passes() -> None:
    sandbox, clock = opened(business(VEEQO, DEPOSCO))
    Guest(sandbox).place("A-1", (sandbox.products[0].sku, 1))
    clock.advance(3 * 86_400)
    sandbox.catch_up()
    order = sandbox.deposco.order_numbered("A-1")
    assert order is not None
    assert order["status"] == "Ship Complete"
    assert order["shipped_at"] < "2026-03-04"


def test_a_deposco_order_lives_until_it_is_cancelled() -> None:
    sandbox, _ = opened(business(VEEQO, DEPOSCO))
    guest = Guest(sandbox)
    for number in ("A-1", "A-2"):
        guest.place(number, (sandbox.products[0].sku, 1))
    sandbox.deposco.cancel_as_staff("A-2")
    told = sandbox.truth()["warehouses"]["deposco_main"]["orders"]
    assert [(order["customer_order_number"], order["live"]) for order in told] == [
        ("A-1-C", True),
        ("A-2-C", False),
    ]


class TestOutagesOfTheDemo:
    def state(self, sandbox: Sandbox) -> int:
        return sandbox.answer("GET", "/deposco/latest/companies").status

    @pytest.mark.parametrize("plan", ["usual", "heavy"])
    def test_deposco_is_down_from_the_fifth_to_the_ninth_hour_and_nobody_else(self, plan: str) -> None:
        sandbox, clock = opened(Business.demo(1, 0, replace(FaultPlan(), name=plan)))
        states = []
        for hours in (4.9, 0.2, 3.8, 0.2):
            clock.advance(hours * 3600)
            version = f"/mirakl/borealis/api/version?shop_id={DEMO_MARKETPLACES[1].shop_id}"
            key = {"authorization": sandbox.marketplaces["borealis"].key}
            up = (
                ask_veeqo(sandbox, "veeqo_main", "/orders").status,
                sandbox.answer("GET", version, key).status,
            )
            assert up == (200, 200)
            states.append(self.state(sandbox))
        assert states == [401, 503, 503, 401]

    def test_its_hours_can_be_chosen_or_left_out(self) -> None:
        chosen = Business.demo(1, 0, "usual", deposco_outage=(1, 1.5)).faults.outages
        assert [(one.begins.hour, one.ends.hour, one.ends.minute) for one in chosen] == [(6, 6, 30)]
        assert Business.demo(1, 0, "usual", deposco_outage=None).faults.outages == ()
        assert Business.demo(1, 0, "none").faults.outages == ()

    def test_a_heavy_day_keeps_its_shorter_ones(self) -> None:
        accounts = Counter(outage.account for outage in Business.demo(1, 0, "heavy").faults.outages)
        assert accounts == {"veeqo_main": 1, "alpine": 1, "deposco_main": 1}

    def test_without_faults_the_tenant_answers_every_call(self) -> None:
        for plan, shares in (("none", (0, 0)), ("usual", (0.004, 0.004))):
            tenant = Business.demo(1, 0, plan).warehouses[1].tenant
            assert tenant is not None
            assert (tenant.answers.blank_share, tenant.answers.in_use_share) == shares


def test_a_second_warehouse_changes_nothing_of_the_first() -> None:
    """Its answers, faults and truth are the same bytes, alone or beside a busy tenant."""

    def play(chosen: Business, *, beside: bool) -> tuple[list[Answer], Any, Any]:
        sandbox, clock = opened(chosen)
        guest = Guest(sandbox) if beside else None
        answers = []
        for place in range(60):
            clock.advance(300)
            sandbox.place_order("alpine", [(sandbox.products[place % 7].sku, 1)])
            if guest is not None:
                guest.old("GET", "/inventory/full")
            answers += [ask_veeqo(sandbox, "veeqo_main", path) for path in ("/orders", "/products")]
        told = sandbox.truth()
        return answers, told["warehouses"]["veeqo_main"], told["marketplaces"]["alpine"]

    heavy = FaultPlan.heavy()
    alone = business(VEEQO, marketplaces=DEMO_MARKETPLACES[:1], faults=heavy)
    both = business(VEEQO, DEPOSCO, faults=heavy)
    assert play(alone, beside=False) == play(both, beside=True)


def test_the_same_seed_and_calls_give_the_same_tenant() -> None:
    def play() -> tuple[list[Answer], Any]:
        sandbox, clock = opened(Business.demo(9, 200, "heavy", deposco_outage=None))
        guest = Guest(sandbox)
        answers = []
        for place in range(80):
            clock.advance(120)
            answers.append(guest.old("GET", "/inventory/full?pageNo=1&pageSize=5"))
            answers.append(guest.token())
            answers.append(guest.ask("POST", ORDERS, b"{}", authorization=f"Bearer {place}"))
        return answers, sandbox.truth()

    first, second = play(), play()
    assert first == second
    assert {answer.status for answer in first[0]} > {200, 401, 429}
