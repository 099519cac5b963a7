"""YAML without its traps, bounded, with places."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config.document import MOST_BYTES, BadYaml, Spot, read_document, read_text


def test_only_true_and_false_are_booleans_and_keys_are_what_is_written():
    document = read_text("on: yes\noff: NO\nyes: on\n1: y\ntrue: true\nno: 'true'\n")
    assert document.value == {"on": "yes", "off": "NO", "yes": "on", "1": "y", "true": True, "no": "true"}


def test_numbers_have_one_notation():
    document = read_text("[12, -1, 1.5, .5, 0x1f, 0o17, 1_000, 12:30, 1e3, .inf, 2024-01-01, 007]")
    assert document.value == [
        12,
        -1,
        1.5,
        0.5,
        "0x1f",
        "0o17",
        "1_000",
        "12:30",
        "1e3",
        ".inf",
        "2024-01-01",
        7,
    ]


def test_places_of_keys_and_values_count_from_one():
    document = read_text("a:\n  - b: {c: d}\n")
    assert document.key_at(("a", 0, "b", "c")) == Spot(2, 9)
    assert document.value_at(("a", 0, "b", "c")) == Spot(2, 12)


def test_a_path_that_is_not_there_leads_to_what_is_nearest():
    document = read_text("a: {b: 1}\n")
    assert document.value_at(("a", 0, "b", "c")) == document.value_at(("a", "b"))


def test_a_key_that_stands_twice_is_kept_once_and_remembered():
    document = read_text("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert document.value == {"a": 1, "b": {"c": 1}}
    assert document.twice == [(("b", "c"), Spot(2, 11)), (("a",), Spot(3, 1))]


def test_an_alias_repeats_a_value():
    assert read_text("a: &x {t: 1}\nb: *x\n").value == {"a": {"t": 1}, "b": {"t": 1}}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: b\n\tc: d", (2, 1), "a tab"),
        ("a:\n  b: 1\n c: 2", (3, 2), "not indented"),
        ("a: b: c", (1, 5), "a colon"),
        ("a: {b: 1", (1, 9), "{ that is not closed"),
        ("a: [1, 2", (1, 9), "[ that is not closed"),
        ("a: 'x", (1, 6), "quote"),
        ('a: "\\q"', (1, 6), "escape"),
        ("a: 'x' y", (1, 8), "behind the end of a value"),
        ("{a: b}}", (1, 7), "behind the end of the document"),
        ("a: *x", (1, 4), "alias"),
        ("a: 1\n---\nb: 2", (2, 1), "second document"),
        ("a: !!python/object/apply:os.system [ls]", (1, 4), "a tag"),
        ("a: &x [*x]", (1, 4), "contains itself"),
        ("a: &x {b: *x}", (1, 4), "contains itself"),
        ("a: \x01", (1, 4), "U+0001"),
        ("? [a]\n: b", (1, 3), "key that is not a text"),
        ("<<: {a: 1}", (1, 1), "merge key"),
        ("[" * 200, (1, 25), "levels"),
        ("a: @x", (1, 4), "quotes"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, place, says):
    with pytest.raises(BadYaml) as caught:
        read_text(text)
    assert caught.value.at == Spot(*place)
    assert says in f"{caught.value} {caught.value.hint}"


def test_bytes_that_are_no_utf8_are_told_with_their_place():
    with pytest.raises(BadYaml) as caught:
        read_document("a: ä\nb: ".encode() + b"\xff")
    assert caught.value.at == Spot(2, 4)


def test_a_byte_order_mark_is_no_mistake():
    assert read_document(b"\xef\xbb\xbfa: 1").value == {"a": 1}


def test_aliases_that_repeat_a_billion_times_are_refused_at_once():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 12):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    began = time.monotonic()
    with pytest.raises(BadYaml, match="values"):
        read_text(bomb)
    assert time.monotonic() - began < 5


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(BadYaml, match="more than 256 KiB"):
        read_document(b"#" * (MOST_BYTES + 1))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"#%@`?, \n\t1", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_place(data):
    try:
        document = read_document(data)
    except BadYaml as error:
        assert error.at.line >= 1  # noqa: PT017
        return
    assert set(document.keys) <= set(document.values)


PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc :-#'\"\n{", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(PLAIN)
def test_what_a_yaml_writer_wrote_is_read_as_it_was(value):
    assert read_text(yaml.safe_dump(value)).value == value
