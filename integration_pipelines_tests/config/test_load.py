"""The channels file: one clear line per fault, with its place; a hostile file is refused cleanly."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config import Channels, ConfigurationError, Fault, parse_channels, read_channels
from integration_pipelines.config.load import LARGEST_FILE

ROOT = Path(__file__).parents[2]

GOOD = """\
marketplaces:
  alpine:
    name: Alpine Market
    base_url: https://alpine.example.com
    api_key_variable: ALPINE_API_KEY
    shop_id: 2001
    currency: EUR
    acceptance_window_hours: 24
    carriers:
      DHL Express: 007
warehouses:
  veeqo_main:
    name: Main
    system: veeqo
    api_key_variable: VEEQO_API_KEY
    guest_email_domain: orders.example.com
channels:
  alpine:
    marketplace: alpine
    warehouse: veeqo_main
    order_policy: reserve_then_accept
    number_prefix: ALP
    store: 011001
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text)
    return [fault.shown("channels.yaml") for fault in caught.value.faults]


def fault_of(text: str) -> str:
    (fault,) = faults_of(text)
    return fault


def place_of(text: str, word: str) -> str:
    """`line:column` where `word` first stands in the text."""
    before = text[: text.index(word)]
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def second_marketplace(text: str, **changes: str) -> str:
    """The good file with a second marketplace and its channel."""
    values = {"shop": "2002", "serves": "borealis", "prefix": "BOR"} | changes
    text = text.replace(
        "warehouses:\n",
        f"""\
  borealis:
    name: Borealis
    base_url: https://alpine.example.com
    api_key_variable: BOREALIS_API_KEY
    shop_id: {values["shop"]}
    currency: GBP
    acceptance_window_hours: 48
warehouses:
""",
    )
    return (
        text
        + f"""\
  borealis:
    marketplace: {values["serves"]}
    warehouse: veeqo_main
    order_policy: reserve_then_accept
    number_prefix: {values["prefix"]}
    store: 2
"""
    )


def test_reads_a_good_file() -> None:
    channels = parse_channels(GOOD)
    assert channels.marketplaces["alpine"].shop_id == 2001
    assert channels.channels["alpine"].marketplace == "alpine"


def test_the_example_is_a_good_file() -> None:
    channels = read_channels(ROOT / "channels.example.yaml")
    assert set(channels.channels) == {"alpine", "borealis"}


def test_identifiers_keep_their_leading_zeros() -> None:
    channels = parse_channels(GOOD)
    assert channels.channels["alpine"].store == "011001"
    assert channels.marketplaces["alpine"].carriers == {"DHL Express": "007"}


def test_two_marketplaces_share_a_warehouse() -> None:
    assert len(parse_channels(second_marketplace(GOOD)).channels_of_warehouse("veeqo_main")) == 2


def test_reports_every_fault_at_once_in_order_of_the_file() -> None:
    text = (
        GOOD.replace("shop_id: 2001", "shop_id: many")
        .replace("currency: EUR", "curency: EUR")
        .replace("warehouse: veeqo_main", "warehouse: veeqo_mian")
        .replace("reserve_then_accept", "reserve_than_accept")
    )
    faults = faults_of(text)
    assert len(faults) == 5  # the misspelt key is unknown, and the right one is missing
    assert faults == sorted(faults, key=lambda fault: int(fault.split(":")[1]))


ONE_FAULT = [
    # what is written, what is written instead, the dotted place, words, the word at the place
    ("    currency: EUR\n", "", "marketplaces.alpine: `currency` is missing", "alpine"),
    (
        "store: 011001",
        "store: 1\n    stor: 2",
        "channels.alpine.stor: unknown key; did you mean store?",
        "stor:",
    ),
    (
        "store: 011001",
        "store: 1\n    zzz: 2",
        "channels.alpine.zzz: unknown key; known here: marketplace",
        "zzz",
    ),
    (
        "shop_id: 2001",
        "shop_id: ten",
        "marketplaces.alpine.shop_id: must be a whole number, not 'ten'",
        "ten",
    ),
    ("shop_id: 2001", "shop_id: [1]", "marketplaces.alpine.shop_id: must be a whole number", "[1]"),
    ("shop_id: 2001", "shop_id:", "marketplaces.alpine.shop_id: is empty", None),
    ("shop_id: 2001", "shop_id: -1", "marketplaces.alpine.shop_id: Input should be greater than 0", "-1"),
    ("hours: 24", "hours: .nan", "marketplaces.alpine.acceptance_window_hours: must be a number", ".nan"),
    ("hours: 24", "hours: 9999", "marketplaces.alpine.acceptance_window_hours: Input should be less", "9999"),
    ("hours: 24", "hours: 24\n    time_zone: Paris", "alpine.time_zone: unknown time zone 'Paris'", "Paris"),
    ("https://alpine.example.com", "alpine", "base_url: must be a web address", "alpine\n    api"),
    ("https://alpine.example.com", "ftp://a.b", "base_url: must be a web address", "ftp"),
    (
        "system: veeqo",
        "system: veego",
        "must be one of veeqo, deposco, not 'veego'; did you mean veeqo?",
        "veego",
    ),
    ("number_prefix: ALP", "number_prefix: A-L", "number_prefix: must be 1 to 16 letters", "A-L"),
    ("store: 011001", "store: {a: 1}", "channels.alpine.store: must be one text", "{a"),
    ("orders.example.com", "nowhere", "guest_email_domain: must be a domain that you own", "nowhere"),
    (
        "store: 011001",
        "store: 1\n    rules: {unknown_sku: accept}",
        "channels.alpine.rules: unknown_sku: accept would promise goods",
        "{unknown",
    ),
    (
        "store: 011001",
        "store: 1\n    buffer_owner: [integration, warehouse]",
        "channels.alpine.buffer_owner: exactly one side keeps back stock",
        "[integration",
    ),
    (
        "  alpine:\n    marketplace",
        "  Alpine!:\n    marketplace",
        "channels.Alpine!: this name must be",
        "Alpine!",
    ),
    (
        "marketplace: alpine",
        "marketplace: alpin",
        "'alpin' is not among `marketplaces`; did you mean alpine?",
        None,
    ),
    ("warehouse: veeqo_main", "warehouse: xyz", "channels.alpine.warehouse: 'xyz' is not among", "xyz"),
    (
        "currency: EUR",
        "currency: EUR\n    currency: GBP",
        "this key stands twice, first in line 7",
        "currency: GBP",
    ),
    ("name: Main", "name: &x Main", "warehouses.veeqo_main.name: an anchor (&) is not supported", "&x"),
    (
        "name: Main",
        "name: !!python/object:os.system x",
        "a tag ('tag:yaml.org,2002:python/object",
        "!!python",
    ),
    ("name: Main", "name: !ruby x", "a tag ('!ruby') is not supported", "!ruby"),
    ("    store: 011001", "\tstore: 1", "a tab indents this line; YAML allows only spaces", "\t"),
    ("name: Main", "name: 'Main", "not readable as YAML", None),
    ("name: Main", "name: Main: x", "not readable as YAML: mapping values are not allowed here", ": x"),
    ("channels:\n", "---\nchannels:\n", "a second document starts here", None),
]


@pytest.mark.parametrize(("written", "instead", "words", "at"), ONE_FAULT)
def test_one_fault_gives_one_line_with_its_place(
    written: str, instead: str, words: str, at: str | None
) -> None:
    text = GOOD.replace(written, instead, 1)
    assert text != GOOD
    faults = [fault for fault in faults_of(text) if "no channel serves" not in fault]
    fault = next(fault for fault in faults if words in fault)
    assert re.match(r"channels\.yaml:\d+:\d+: ", fault)
    if at is not None:
        assert fault.startswith(f"channels.yaml:{place_of(text, at)}: ")
        assert faults == [fault]


def test_a_marketplace_has_one_channel() -> None:
    faults = faults_of(second_marketplace(GOOD, serves="alpine"))
    assert any("'alpine' is already served by channels.alpine" in fault for fault in faults)
    assert any("marketplaces.borealis: no channel serves this marketplace" in fault for fault in faults)


def test_prefixes_that_look_alike_are_refused() -> None:
    fault = fault_of(second_marketplace(GOOD, prefix="alp"))
    assert "channels.borealis.number_prefix: 'alp' is already used by channels.alpine" in fault


def test_a_shop_named_twice_is_refused() -> None:
    assert "the same shop as marketplaces.alpine" in fault_of(second_marketplace(GOOD, shop="2001"))


def test_a_warehouse_shares_its_key_with_nothing_else() -> None:
    faults = faults_of(GOOD.replace("veeqo_main", "alpine"))
    assert len(faults) == 2
    assert all("warehouses.alpine" in fault and "a key of its own" in fault for fault in faults)


def test_a_key_written_into_the_file_is_not_repeated_in_the_message() -> None:
    fault = fault_of(GOOD.replace("ALPINE_API_KEY", "5f3c-secret-key"))
    assert "api_key_variable: must be the NAME of an environment variable" in fault
    assert "5f3c" not in fault


def test_aliases_are_refused_before_they_grow() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
        for before, name in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
    )
    assert any("an alias (*) is not supported" in fault for fault in faults_of(bomb))


def test_deep_nesting_is_refused() -> None:
    assert "nested more than" in faults_of("a: " + "[" * 5000)[0]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~"])
def test_an_empty_file_says_where_to_start(text: str) -> None:
    assert fault_of(text).endswith("the file is empty; start from channels.example.yaml")


@pytest.mark.parametrize("text", ["alpine", "- alpine", "42"])
def test_a_file_that_is_no_blocks_says_so(text: str) -> None:
    assert "must be the blocks `marketplaces`, `warehouses` and `channels`" in fault_of(text)


@pytest.mark.parametrize("text", ["{}", "marketplaces: {}\nwarehouses: {}\nchannels: {}"])
def test_missing_and_empty_blocks_are_named(text: str) -> None:
    assert len(faults_of(text)) == 3


def written(folder: Path, content: bytes) -> Path:
    path = folder / "channels.yaml"
    path.write_bytes(content)
    return path


def message_of(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_channels(path)
    return str(caught.value)


def test_another_encoding_is_named_with_its_place(tmp_path: Path) -> None:
    message = message_of(written(tmp_path, GOOD.replace("Alpine Market", "Alpiné").encode("latin-1")))
    assert "channels.yaml:3:16: byte 0xe9 is not UTF-8" in message


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert isinstance(read_channels(written(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())), Channels)


def test_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    assert isinstance(read_channels(written(tmp_path, GOOD.replace("\n", "\r\n").encode())), Channels)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    assert "larger than" in message_of(written(tmp_path, b"a: [" + b"1," * 5_000_000))


def test_the_largest_file_is_still_answered(tmp_path: Path) -> None:
    assert "fault" in message_of(written(tmp_path, b"a: [" + b"1," * (LARGEST_FILE // 2 - 10)))


def test_no_file_a_folder_and_binary_content_are_named(tmp_path: Path) -> None:
    assert "no such file; copy channels.example.yaml" in message_of(tmp_path / "channels.yaml")
    assert "it is not a file" in message_of(tmp_path)
    assert "not readable as YAML" in message_of(written(tmp_path, b"a: \x00\x01"))


def check_refused_cleanly_or_read(text: str) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        parse_channels(text)
    except ConfigurationError as error:
        faults = error.faults or (Fault(0, 0, "", "refused\nwithout a fault"),)
    for fault in faults:
        shown = fault.shown("channels.yaml")
        assert len(shown.splitlines()) == 1
        shown.encode()  # can be printed


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)).map(repr)
KNOWN_WORDS = re.findall(r"[a-z_]+", GOOD)


@given(st.text())
def test_any_text_is_read_or_refused_cleanly(text: str) -> None:
    check_refused_cleanly_or_read(text)


@given(st.data())
def test_any_damage_to_a_good_file_is_read_or_refused_cleanly(data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    for _ in range(data.draw(st.integers(1, 4), label="damages")):
        number = data.draw(st.integers(0, len(lines) - 1), label="line")
        name, colon, _ = lines[number].partition(":")
        lines[number] = data.draw(
            st.one_of(
                st.just(""),
                st.just(lines[number] + "\n" + lines[number]),
                SCALARS.map(lambda value, name=name, colon=colon: f"{name}{colon} {value}"),
                st.sampled_from(KNOWN_WORDS).map(lambda word: f"    {word}: {word}"),
                st.text(st.sampled_from("[]{}&*!|>'\"%@`#-:? \tax\ud800\x85\u2028"), max_size=8),
            ),
            label="instead",
        )
    check_refused_cleanly_or_read("\n".join(lines))
