"""Events in plain words."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.event import Event
from fleet.views.events import headline, told, words

TYPES = [value for name, value in vars(events).items() if name.isupper()]


def test_every_type_of_fleet_has_words_of_its_own():
    assert [each for each in TYPES if words(Event(each, {})).startswith(each)] == []


def test_the_reason_stands_behind_the_words():
    event = Event(events.RUN_ENDED, {"run": "r7", "outcome": "failed", "reason": "exit code 3"})
    assert told(event) == "r7 ended: failed — exit code 3"


def test_another_ones_event_is_told_by_type_and_subject():
    assert words(Event("docs.outdated", {}, subject="README")) == "docs.outdated README"


def test_headlines_leave_out_what_only_machines_care_about():
    assert headline(Event(events.EFFECT_DONE, {"key": "x"})) == ""
    assert headline(Event("docs.outdated", {})) == "docs.outdated"
    assert headline(Event(events.CHANGE_MERGED, {"change": 2, "sha": "c" * 40})) == (
        "pull request 2 was merged as cccccccccccc"
    )


def test_text_from_outside_is_no_format_and_no_escape():
    event = Event(
        events.ITEM_OPENED, {"item": 1, "title": "{author.__class__} \x1b[2J", "author": "user/eve"}
    )
    assert words(event) == "user/eve opened ? 1: {author.__class__} [2J"


@settings(max_examples=60)
@given(
    st.sampled_from([*TYPES, "x.y"]),
    st.dictionaries(
        st.sampled_from(["run", "item", "ok", "started", "reason", "title", "agent", "args", "head"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(),
            st.lists(st.text()),
            st.dictionaries(st.text(), st.text()),
        ),
    ),
)
def test_no_data_can_break_the_words(kind, data):
    assert len(words(Event(kind, data))) <= 200
    assert "\n" not in told(Event(kind, data))
