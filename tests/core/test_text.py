"""Words for people."""

import pytest

from c2b.core.text import public_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Mei Lin", "Mei"), ("Alice", "Alice"), ("王小明", "王**"), (" 李 雷 ", "李"), ("", "")],
)
def test_strangers_do_not_see_a_whole_name(name, shown):
    assert public_name(name) == shown
