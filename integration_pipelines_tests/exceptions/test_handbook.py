"""The operating handbook covers the taxonomy: nobody meets an exception that it does not explain."""

from pathlib import Path

import pytest

from integration_pipelines.exceptions import TAXONOMY, Code

HANDBOOK = Path(__file__).parents[2] / "docs" / "operating-handbook.md"


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_section_that_says_what_to_do(code: Code) -> None:
    _, _, section = HANDBOOK.read_text().partition(f"### `{code.value}`\n")
    section = section.partition("\n### ")[0]
    kind = TAXONOMY[code]
    assert f"Owner: {kind.owner.value}." in section
    assert kind.meaning in section
    assert kind.what_to_do in section
