"""The demo as a person sees it: the real stack, the real UI, a real browser.

Orders flow for three marketplaces, and the asset graph, an asset with its check and a sensor tell about
them in words. `UPDATE_SCREENSHOTS=1` renews the pictures in `docs/images`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from integration_pipelines.config import read_channels
from integration_pipelines.local.answers import ask, free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
QUIETLY = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
CHANNELS = ("alpine", "borealis", "cantina")
GROUPS = (*CHANNELS, "veeqo_main", "deposco_main")
OPENED = ("borealis", "deposco_main")  # a channel and its warehouse; the others stay folded
PATIENCE = 180  # seconds until orders of all marketplaces were accepted; the machine may be busy
LOOK_AGAIN = 0.5  # seconds
WINDOW: ViewportSize = {"width": 1500, "height": 950}
STEPS_OUT = 6
PAGE_PATIENCE = 30_000  # milliseconds
_LATEST = """query ($keys: [AssetKeyInput!]) { assetNodes(assetKeys: $keys) { assetKey { path }
  assetMaterializations(limit: 1) { metadataEntries { label ... on IntMetadataEntry { intValue } } }
  assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization {
    evaluation { success metadataEntries { label ... on IntMetadataEntry { intValue } } } } } } } } }"""


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    port: int
    home: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def accepted(self) -> dict[str, int]:
        """Accepted orders by channel, as the assets tell it."""
        nodes = self._nodes([[channel, "warehouse_orders"] for channel in CHANNELS])
        return {
            node["assetKey"]["path"][0]: entry["intValue"]
            for node in nodes
            for event in node["assetMaterializations"]
            for entry in event["metadataEntries"]
            if entry["label"] == "accepted_last_24_hours"
        }

    def held(self, channel: str) -> int:
        """Orders of the channel that its check counts as held."""
        [node] = self._nodes([[channel, "warehouse_orders"]]) or [{}]
        for check in node.get("assetChecksOrError", {}).get("checks", []):
            latest = check["executionForLatestMaterialization"]
            if check["name"] == "held_orders" and latest and latest["evaluation"]:
                entries = latest["evaluation"]["metadataEntries"]
                return next(int(entry["intValue"]) for entry in entries if entry["label"] == "count")
        return 0

    def _nodes(self, keys: list[list[str]]) -> list[dict[str, Any]]:
        variables = {"keys": [{"path": key} for key in keys]}
        answer = ask(self.port, "/graphql", {"query": _LATEST, "variables": variables}) or {}
        nodes: list[dict[str, Any]] = (answer.get("data") or {}).get("assetNodes") or []
        return nodes


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """`integration-pipelines demo` on ports and in a home of its own, until orders were accepted."""
    home = Path(tempfile.mkdtemp(prefix="ip-ui-"))
    port = free_port(0)
    command = Path(sys.executable).with_name("integration-pipelines")
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DAGSTER_POSTGRES_URL", "CHANNELS_FILE", "DAGSTER_HOME")
    }
    with (home / "demo.log").open("wb") as log:
        stack = subprocess.Popen(
            [str(command), "demo", "--home", str(home / "stack"), "--port", str(port)],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    running = Demo(port, home / "stack")
    try:
        told = f"see {home / 'demo.log'}"
        until(
            lambda: set(running.accepted()) == set(CHANNELS), stack, f"not every channel was worked; {told}"
        )
        until(lambda: all(running.accepted().values()), stack, f"no order was accepted somewhere; {told}")
        let_somebody_order_an_unknown_sku(running)
        until(lambda: running.held("alpine") > 0, stack, f"the check never counted a held order; {told}")
        yield running
    finally:
        stack.terminate()
        stack.wait(60)
    shutil.rmtree(home, ignore_errors=True)


def until(reached: Callable[[], bool], stack: "subprocess.Popen[bytes]", complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert stack.poll() is None, f"the demo ended by itself; {complaint}"
        assert time.monotonic() < deadline, f"{complaint} after {PATIENCE} s"
        time.sleep(LOOK_AGAIN)


def let_somebody_order_an_unknown_sku(demo: Demo) -> None:
    """One order that certainly needs a person, so that the check has a row to show."""
    base = read_channels(demo.home / "channels.yaml").marketplaces["alpine"].base_url
    assert base.port
    assert ask(base.port, "/control/scenarios/f33_sku_near_misses", {}) is not None


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: `apt-get install chromium` brings it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        opened = browser.new_page(viewport=WINDOW)
        opened.set_default_timeout(PAGE_PATIENCE)
        expect.set_options(timeout=PAGE_PATIENCE)
        yield opened
        browser.close()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[Page, str], None]:
    """Takes a screenshot; kept in the documentation when it is to be renewed."""
    folder = ROOT / "docs" / "images" if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return take


def test_the_graph_shows_every_marketplace_and_both_warehouses(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    groups = ",".join(f"global@global:{group}" for group in OPENED)
    page.set_viewport_size({"width": 1600, "height": 1500})
    try:
        page.goto(demo.url(f"/asset-groups?expanded={groups}"))
        expect(page.get_by_text("Materialized", exact=True).nth(1)).to_be_visible()
        for _ in range(STEPS_OUT):  # what does not fit is not drawn
            page.get_by_role("button", name="zoom_out").click()
        for group in GROUPS:
            expect(page.get_by_text(group, exact=True).first).to_be_visible()
        for asset in ("import_queue", "warehouse_orders", "refunds", "sku_catalogue"):
            expect(page.get_by_text(asset).first).to_be_visible()
        picture(page, "asset-graph")
    finally:
        page.set_viewport_size(WINDOW)


def test_an_asset_explains_itself_and_plots_the_time_to_accept(demo: Demo, page: Page) -> None:
    page.goto(demo.url("/assets/alpine/warehouse_orders"))
    expect(page.get_by_text("The orders of Alpine Home in")).to_be_visible()
    expect(page.get_by_text("seconds_to_accept_p50").first).to_be_visible()
    page.get_by_text("Plots", exact=True).click()
    expect(page.get_by_text("seconds_to_accept_p99").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()


def test_a_check_tells_what_is_wrong_who_owns_it_and_what_to_do(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/assets/alpine/warehouse_orders?view=checks&checkDetail=held_orders"))
    expect(page.get_by_text("Every order that waits for a person").first).to_be_visible()
    expect(page.get_by_text("accepted_but_…_in_warehouse").first).to_be_visible()
    # While a run evaluates the check, Dagster shows that instead of what it found last.
    expect(page.get_by_text("held for a person").first).to_be_visible(timeout=90_000)
    picture(page, "asset-checks")


def test_a_sensor_shows_its_ticks_and_what_they_asked_for(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/locations/operations/sensors/alpine__orders"))
    expect(page.get_by_text("Asks Alpine Home for new and changed orders").first).to_be_visible()
    expect(page.get_by_text("1 run requested").first).to_be_visible()
    expect(page.get_by_text("View logs").nth(1)).to_be_visible(timeout=90_000)  # it ticks once a minute
    picture(page, "sensors")


def test_the_queue_of_a_channel_that_accepts_first_tells_its_depth_and_age(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/assets/borealis/import_queue"))
    expect(page.get_by_text("that are accepted and that").first).to_be_visible()
    for figure in ("depth", "oldest_minutes", "waiting_for_clearance"):
        expect(page.get_by_text(figure, exact=True).first).to_be_visible()
    expect(page.get_by_text("Passing", exact=True).first).to_be_visible()
    picture(page, "import-queue")


def test_the_stock_of_a_shop_shows_what_it_was_told_and_what_became_of_it(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/assets/borealis/stock"))
    expect(page.get_by_text("is told that it may sell of").first).to_be_visible()
    # Runs tell more than ticks do; these are in both, and the newest is shown.
    for figure in ("told", "applied", "seconds_to_apply_p50", "offers_at_zero"):
        expect(page.get_by_text(figure, exact=True).first).to_be_visible(timeout=90_000)
    picture(page, "stock")
    page.goto(demo.url("/assets/borealis/stock?view=checks&checkDetail=stock_unknown"))
    expect(page.get_by_text("Create the SKU in the warehouse").first).to_be_visible(timeout=90_000)
    expect(page.get_by_text("brake_on").first).to_be_visible()


def test_what_left_the_warehouse_and_what_is_to_leave_are_on_one_page(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/assets/alpine/dispatches"))
    expect(page.get_by_text("was told of the parcels that left").first).to_be_visible()
    for figure in ("parcels_confirmed_today", "wait_for_a_carrier", "to_ship"):
        expect(page.get_by_text(figure, exact=True).first).to_be_visible(timeout=90_000)
    picture(page, "dispatches")
    page.goto(demo.url("/assets/alpine/dispatches?view=checks&checkDetail=unmapped_carriers"))
    expect(page.get_by_text("Carriers that nobody has mapped").first).to_be_visible(timeout=90_000)
    expect(page.get_by_text("both_sides_agree").first).to_be_visible()


def test_where_returned_goods_and_their_money_are_is_a_page_each(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.goto(demo.url("/assets/alpine/returns"))
    expect(page.get_by_text("authorised and where their goods are").first).to_be_visible()
    materialize(page, "where_is_it")  # its schedule may be minutes away
    picture(page, "returns")
    page.goto(demo.url("/assets/alpine/refunds"))
    materialize(page, "newest_refunds")


def test_the_audit_of_skus_runs_on_demand_and_shows_what_drifted(
    demo: Demo, page: Page, picture: Callable[[Page, str], None]
) -> None:
    for asset, figure in (("veeqo_main", "items_read"), ("alpine", "xlsx")):
        page.goto(demo.url(f"/assets/{asset}/sku_catalogue"))
        materialize(page, figure)  # its schedule is daily
    picture(page, "sku-catalogue")
    page.goto(demo.url("/assets/alpine/sku_catalogue?view=checks&checkDetail=sku_drift"))
    expect(page.get_by_text("sku_drift").first).to_be_visible(timeout=90_000)


def materialize(page: Page, figure: str) -> None:
    """Ask for a run now. A page that is open does not show the figures of a first run by itself."""
    page.get_by_role("button", name="Materialize").first.click()
    deadline = time.monotonic() + PATIENCE
    while not page.get_by_text(figure, exact=True).first.is_visible():
        assert time.monotonic() < deadline, f"{figure} never came; see {page.url}"
        page.wait_for_timeout(5_000)
        page.reload()
        page.wait_for_timeout(5_000)
