"""Which workspaces go when there is too little room: never one that somebody needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.policy.keep import MAY_GO, Kept, to_discard

USES = st.sampled_from(["live", "waits", "idle", "kept", "none"])
KEPT = st.lists(
    st.builds(Kept, st.integers(0, 10**6).map("w{}".format), USES, st.integers(0, 1000)),
    unique_by=lambda each: each.name,
)


@given(KEPT, st.integers(0, 50))
def test_the_ceiling_is_held_as_far_as_that_needs_nothing_that_is_at_work_or_waits(
    kept: list[Kept], most: int
) -> None:
    sizes = {each.name: 7 for each in kept}
    gone = to_discard(kept, sizes, now=1000, keep_ms=500, most=most, used=7 * len(kept))
    assert all(each.use in MAY_GO for each in gone)
    left = [each for each in kept if each not in gone]
    able = [each for each in left if each.use in MAY_GO]
    assert not most or not able or 7 * len(left) <= most
    # The oldest of a kind goes first.
    assert all(one.since <= other.since for one in gone for other in able if one.use == other.use == "idle")


def test_without_a_ceiling_only_what_nobody_needs_and_what_was_kept_long_enough_goes() -> None:
    kept = [Kept("a", "none"), Kept("b", "kept", 400), Kept("c", "kept", 600), Kept("d", "idle", 1)]
    gone = to_discard(kept, {}, now=1000, keep_ms=500, most=0, used=10**12)
    assert [each.name for each in gone] == ["a", "b"]
