"""The lists of the first screen never lie upon each other, at any size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.surfaces.tui.arrange import arrange

LISTS = ("agents", "needs", "card", "queue", "events")


@given(
    st.integers(20, 300),
    st.integers(10, 120),
    st.fixed_dictionaries({name: st.integers(0 if name == "card" else 1, 200) for name in LISTS}),
    st.sampled_from(("agents", "needs", "queue", "events", "")),
)
def test_every_list_is_on_the_screen_and_none_covers_another(width, height, wants, focus):
    boxes = [box for box in arrange(width, height, wants, focus).values() if box.height]
    cells = [
        (x, y)
        for box in boxes
        for x in (box.x, box.x + box.width - 1)
        for y in range(box.y, box.y + box.height)
    ]
    assert all(0 <= x < width and 0 <= y < height for x, y in cells)
    assert len(set(cells)) == len(cells)


def test_the_list_with_the_keys_gets_what_it_wants():
    wants = {"agents": 50, "needs": 5, "card": 7, "queue": 1, "events": 1000}
    assert (
        arrange(80, 22, wants, "agents")["agents"].height > arrange(80, 22, wants, "needs")["agents"].height
    )
    assert arrange(80, 22, wants, "needs")["needs"].height == 5
    assert arrange(80, 22, wants, "needs")["card"].height == 7
