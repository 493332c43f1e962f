"""Reading `channels.yaml`: the whole file or nothing, every fault in one report.

What the file may say is `models.py`; how YAML is read is `tree.py`. Here is what only shows when
blocks are seen together: references, a marketplace served twice, a repeated prefix. Those rules
also run over a file with other faults, so that a person corrects it once.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from integration_pipelines.config.faults import ConfigurationError, Fault, dotted, quoted
from integration_pipelines.config.models import BufferOwner, Channels, OrderPolicy
from integration_pipelines.config.tree import Path as Place
from integration_pipelines.config.tree import Tree, read_tree
from integration_pipelines.config.warehouses import WarehouseSystem
from integration_pipelines.config.words import KEY_OF_A_DICTIONARY, in_words, place_in_file, suggestion

LARGEST_FILE = 256 * 1024  # bytes; a hundred marketplaces need a quarter of it


def read_channels(path: Path | str) -> Channels:
    """Read and check the channels file.

    Raises:
        ConfigurationError: with one line per fault, each with its place; nothing is half read.
    """
    path = Path(path)
    return parse_channels(_text_of(path), source=path.name)


def parse_channels(text: str, *, source: str = "channels.yaml") -> Channels:
    """Like `read_channels`, for a text that is already at hand; `source` names it in messages."""
    tree = read_tree(text)
    if not tree.faults and tree.content is None:
        tree.add((1, 1), (), "the file is empty; start from channels.example.yaml")
    elif not isinstance(tree.content, dict) and not tree.faults:
        tree.add((1, 1), (), "must be the blocks `marketplaces`, `warehouses` and `channels`")
    if not isinstance(tree.content, dict):
        raise ConfigurationError(source, tree.faults)
    channels = None
    try:
        channels = Channels.model_validate(tree.content)
    except ValidationError as error:
        _add_model_faults(tree, error)
    _add_faults_between_blocks(tree)
    if channels is None or tree.faults:
        raise ConfigurationError(source, set(tree.faults))
    return channels


def _text_of(path: Path) -> str:
    """The file's text; what cannot be one is refused before it is parsed."""
    try:
        if not path.is_file():
            problem = (
                "it is not a file" if path.exists() else "no such file; copy channels.example.yaml there"
            )
            raise ConfigurationError(str(path), [Fault(0, 0, "", problem)])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigurationError(str(path), [Fault(0, 0, "", f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST_FILE:
        problem = f"larger than {LARGEST_FILE // 1024} KiB; this cannot be a channels file"
        raise ConfigurationError(path.name, [Fault(0, 0, "", problem)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        problem = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file in the encoding UTF-8"
        raise ConfigurationError(path.name, [Fault(line, column, "", problem)]) from error


def _add_model_faults(tree: Tree, error: ValidationError) -> None:
    for detail in error.errors(include_url=False):
        named = place_in_file(detail)
        path = tuple(part for part in named if part != KEY_OF_A_DICTIONARY)
        is_about_value = detail["type"] not in ("missing", "extra_forbidden") and path == named
        place = tree.value_place(path) if is_about_value else tree.place(path)
        shown = path[:-1] if detail["type"] in ("missing", "union_tag_not_found") else path
        tree.add(place, shown, in_words(detail))


def _add_faults_between_blocks(tree: Tree) -> None:
    content = tree.content
    channels, marketplaces = _blocks(content, "channels"), _blocks(content, "marketplaces")
    _add_unknown_references(tree, channels)
    once: dict[tuple[str, str], Place] = {}
    for key, channel in channels.items():
        for name, problem in (
            ("marketplace", "{} is already served by {}; a marketplace has exactly one channel"),
            ("number_prefix", "{} is already used by {}; order numbers of two channels would look alike"),
        ):
            value = channel.get(name)
            if not isinstance(value, str):
                continue
            path: Place = ("channels", key, name)
            first = once.setdefault((name, value.casefold()), path)
            if first != path:
                tree.add(tree.value_place(path), path, problem.format(quoted(value), dotted(first[:-1])))
    served = {str(channel.get("marketplace")) for channel in channels.values()}
    if len(channels) == len(_whole(content, "channels")):
        for key in marketplaces.keys() - served:
            path = ("marketplaces", key)
            tree.add(
                tree.place(path), path, "no channel serves this marketplace: its orders would never be read"
            )
    _add_shops_named_twice(tree, marketplaces)
    _add_keys_used_twice(tree)
    _add_reservations_without_system(tree, channels)
    _add_buffers_of_two_sides(tree, channels)
    _add_stock_without_facilities(tree, channels)


def _add_reservations_without_system(tree: Tree, channels: Mapping[str, Mapping[str, Any]]) -> None:
    """Deposco holds no stock for an order that may not be picked yet, so nothing can be reserved first."""
    accounts = _blocks(tree.content, "warehouses")
    for key, channel in channels.items():
        account = accounts.get(str(channel.get("warehouse")), {})
        if account.get("system") == WarehouseSystem.DEPOSCO and (
            channel.get("order_policy") == OrderPolicy.RESERVE_THEN_ACCEPT
        ):
            path: Place = ("channels", key, "order_policy")
            problem = "Deposco cannot reserve before an order may be picked; use accept_then_queue"
            tree.add(tree.value_place(path), path, problem)


def _add_buffers_of_two_sides(tree: Tree, channels: Mapping[str, Mapping[str, Any]]) -> None:
    """Two buffers hide the real figure from both sides (F18)."""
    for key, channel in channels.items():
        owner = channel.get("buffer_owner")
        if owner not in (BufferOwner.WAREHOUSE, BufferOwner.MARKETPLACE):
            continue
        stock = _whole(channel, "stock")
        for block, inner in ((stock, ("stock",)), (_whole(stock, "peak"), ("stock", "peak"))):
            if "buffer" in block:
                path: Place = ("channels", key, *inner, "buffer")
                problem = (
                    f"the {owner} keeps stock back for this channel (buffer_owner), and exactly one side "
                    "does; remove this buffer or say buffer_owner: integration"
                )
                tree.add(tree.place(path), path, problem)


def _add_stock_without_facilities(tree: Tree, channels: Mapping[str, Mapping[str, Any]]) -> None:
    """Warehouse systems tell the stock of all buildings, returns desks too (Veeqo §7.4, Deposco §10)."""
    accounts = _blocks(tree.content, "warehouses")
    for key, channel in channels.items():
        account, stock = accounts.get(str(channel.get("warehouse"))), _whole(channel, "stock")
        if not account or account.get("facilities"):
            continue
        for name, unknown in (
            ("enabled", "which of its buildings customers are served from; give them with their ids"),
            ("dispatch_within", "which can dispatch in time; give them with their cut-off"),
        ):
            if stock.get(name):
                path: Place = ("channels", key, "stock", name)
                names = f"warehouses.{channel['warehouse']} names no `facilities`"
                tree.add(tree.place(path), path, f"{names}, so nobody knows {unknown}")


def _add_keys_used_twice(tree: Tree) -> None:
    """Budgets and assets go by the account's key, so a warehouse shares its key with nothing else."""
    for key in _whole(tree.content, "warehouses"):
        for block in ("marketplaces", "channels"):
            if key in _whole(tree.content, block):
                path: Place = ("warehouses", key)
                problem = f"{quoted(key)} also names one of `{block}`; give the warehouse a key of its own"
                tree.add(tree.place(path), path, problem)


def _add_unknown_references(tree: Tree, channels: Mapping[str, Mapping[str, Any]]) -> None:
    for key, channel in channels.items():
        for name, block in (("marketplace", "marketplaces"), ("warehouse", "warehouses")):
            known, value = _whole(tree.content, block), channel.get(name)
            if isinstance(value, str) and value not in known:
                path: Place = ("channels", key, name)
                problem = f"{quoted(value)} is not among `{block}`{suggestion(value, known)}"
                tree.add(tree.value_place(path), path, problem)


def _add_shops_named_twice(tree: Tree, marketplaces: Mapping[str, Mapping[str, Any]]) -> None:
    first_of: dict[tuple[str, str], str] = {}
    for key, block in marketplaces.items():
        url, shop = block.get("base_url"), block.get("shop_id")
        if isinstance(url, str) and isinstance(shop, str):
            first = first_of.setdefault((url.rstrip("/").casefold(), shop), key)
            if first != key:
                path: Place = ("marketplaces", key, "shop_id")
                problem = f"the same shop as marketplaces.{first}; every order would be read twice"
                tree.add(tree.value_place(path), path, problem)


def _whole(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = content.get(name)
    return block if isinstance(block, dict) else {}


def _blocks(content: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    return dict(_readable(_whole(content, name)))


def _readable(block: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((key, entry) for key, entry in block.items() if isinstance(entry, dict))
