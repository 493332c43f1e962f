"""The generated catalogue: mostly ordinary, with the SKUs that real systems confuse."""

from collections import Counter
from random import Random

import pytest

from integration_pipelines.sandbox.catalogue import make_catalogue


@pytest.mark.parametrize("size", [0, 1, 10, 500, 5_000])
def test_catalogue_has_its_size_and_no_sku_twice(size: int) -> None:
    skus = [product.sku for product in make_catalogue(Random(1), size)]
    assert len(skus) == len(set(skus)) == size


def test_the_same_seed_makes_the_same_goods() -> None:
    assert make_catalogue(Random(4), 200) == make_catalogue(Random(4), 200)
    assert make_catalogue(Random(4), 200) != make_catalogue(Random(5), 200)


def test_catalogue_holds_every_kind_of_confusing_neighbour_but_is_mostly_ordinary() -> None:
    skus = [product.sku for product in make_catalogue(Random(1), 500)]
    folded = Counter(sku.lower() for sku in skus)
    assert any(sku.isdigit() and f"0{sku}" in skus for sku in skus)
    assert max(folded.values()) == 2
    assert any("  " in sku and sku.replace("  ", " ") in skus for sku in skus)
    assert any("/" in sku and sku.replace("/", "-") in skus for sku in skus)
    assert any(len(sku) == 40 and sku[:-1] + "B" in skus and sku.endswith("A") for sku in skus)
    assert sum(sku.count("-") == 2 and len(sku) == 13 and sku.isupper() for sku in skus) > 400


def test_barcodes_have_a_valid_check_digit() -> None:
    for product in make_catalogue(Random(1), 100):
        digits = [int(digit) for digit in product.barcode]
        assert len(digits) == 13
        assert sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0
