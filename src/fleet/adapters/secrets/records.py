"""Masks the records of a session that is over, for its file on the disk.

What a stream printed is put together over pieces, lines and records, and masked there: a key of many lines,
and a text that came in pieces over records of JSON that are alike. The mask then goes where the secret was,
a part to each place, so that reading it again gives the same as reading it the first time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby
from typing import NamedTuple

from fleet.adapters.secrets.lines import Find, Text, is_json, secrets_of, texts_of
from fleet.ports.secrets import Secret, mark
from fleet.ports.session import Record

_BLOCK, _OVERLAP = 4 << 20, 1 << 20  # characters: looked at at once, and looked at again with the next
_NEAR = 50  # records in which another stream's last one is looked for
_LONGEST_JSON = 4 << 20


class Edit(NamedTuple):
    """A place of a text, and what is to stand there."""

    start: int
    end: int
    text: str


class _Line(NamedTuple):
    start: int
    text: str
    json: bool


def masked_records(find: Find, records: Iterable[Record]) -> Iterator[Record]:
    """The records without secrets."""
    block: list[Record] = []
    size = 0
    for record in records:
        block.append(record)
        size += len(record.text)
        if size > _BLOCK:
            done = _masked(find, block)
            kept = _cut(block, done)
            yield from done[:kept]
            # From the raw ones: a secret may go on in what comes next.
            block = block[kept:]
            size = sum(len(each.text) for each in block)
    yield from _masked(find, block)


def _cut(block: Sequence[Record], done: Sequence[Record]) -> int:
    """From which record on to look again, never the first one: with enough of them, from where a line begins
    and no secret goes on.
    """
    size, found = 0, 0
    for place in range(len(block) - 1, 0, -1):
        size += len(block[place].text)
        if size >= _OVERLAP and block[place - 1].complete:
            found = found or place
            before = {block[each].stream: each for each in range(max(0, place - _NEAR), place)}
            if all(block[each].text == done[each].text != "" for each in before.values()):
                return place
    return found or max(1, len(block) - 1)


def _masked(find: Find, block: Sequence[Record]) -> list[Record]:
    found = list(block)
    for stream in {record.stream for record in block}:
        of_it = [place for place, record in enumerate(block) if record.stream == stream]
        said = "".join(block[each].text + "\n" * block[each].complete for each in of_it)
        edits = edits_of(find, said)
        if edits:
            at = 0
            for each in of_it:
                text = block[each].text
                found[each] = replace(block[each], text=_edited(text, at, edits))
                at += len(text) + block[each].complete
    return found


def edits_of(find: Find, said: str) -> list[Edit]:
    """What is to stand elsewhere in what a stream said, in order; none goes over the end of a line."""
    lines, at = [], 0
    for text in said.split("\n"):
        lines.append(_Line(at, text, len(text) <= _LONGEST_JSON and is_json(text)))
        at += len(text) + 1
    edits: list[Edit] = []
    for json, group in groupby(lines, key=lambda line: line.json):
        of_it = list(group)
        if json:
            edits += _over_records(find, of_it)
            edits += [
                Edit(line.start + secret.start, line.start + secret.end, _mark(secret))
                for line in of_it
                for secret in secrets_of(find, line.text)
            ]
        else:
            edits += _over_lines(find, of_it)
    return _without_overlaps(edits)


def _over_lines(find: Find, lines: Sequence[_Line]) -> Iterator[Edit]:
    text = "\n".join(line.text for line in lines)
    for secret in find(text):
        begin = lines[0].start + secret.start
        pieces = []
        for piece in text[secret.start : secret.end].split("\n"):
            pieces.append((begin, begin + len(piece)))
            begin += len(piece) + 1
        yield from _spread(_mark(secret), pieces)


def _over_records(find: Find, lines: Sequence[_Line]) -> Iterator[Edit]:
    """Secrets of which a part stands in each of several lines, one after the other and alike."""
    strings = [(line, texts_of(line.text)) for line in lines]

    def shape(each: tuple[_Line, list[Text]]) -> tuple[int, ...]:
        return len(each[1]), *(hash(text.says) for text in each[1] if text.named)

    for _, group in groupby(strings, key=shape):
        alike = list(group)
        if len(alike) < 2:
            continue
        for column in range(len(alike[0][1])):
            yield from _over_column(find, [(line, texts[column]) for line, texts in alike])


def _over_column(find: Find, column: Sequence[tuple[_Line, Text]]) -> Iterator[Edit]:
    joined = "".join(text.says for _, text in column)
    ends = list(accumulate(len(text.says) for _, text in column))
    for secret in find(joined):
        first = bisect_right(ends, secret.start)
        last = bisect_left(ends, secret.end)
        if first == last:
            continue  # all of it stands in one line
        pieces = []
        for (line, text), end in list(zip(column, ends, strict=True))[first : last + 1]:
            at = end - len(text.says)
            part = Secret(secret.kind, max(0, secret.start - at), min(len(text.says), secret.end - at))
            (place,) = text.placed(line.text, [part])
            pieces.append((line.start + place.start, line.start + place.end))
        yield from _spread(_mark(secret), pieces)


def _mark(secret: Secret) -> str:
    return mark(secret.kind, secret.end - secret.start)


def _spread(text: str, pieces: Iterable[tuple[int, int]]) -> Iterator[Edit]:
    """The text over the places, as much to each as there is room."""
    for start, end in pieces:
        yield Edit(start, end, text[: end - start])
        text = text[end - start :]


def _without_overlaps(edits: Iterable[Edit]) -> list[Edit]:
    """Those that come first go before others in the same place."""
    kept: list[Edit] = []
    for edit in edits:
        place = bisect_left(kept, edit.start, key=lambda each: each.start)
        is_free = (place == 0 or kept[place - 1].end <= edit.start) and (
            place == len(kept) or edit.end <= kept[place].start
        )
        if is_free and edit.start < edit.end:
            kept.insert(place, edit)
    return kept


def _edited(text: str, at: int, edits: Sequence[Edit]) -> str:
    """The text, which stands at this place of all, with what is to stand elsewhere in it."""
    made, done = [], 0
    first = bisect_right(edits, at, key=lambda each: each.end)
    last = bisect_left(edits, at + len(text), key=lambda each: each.start)
    for edit in edits[first:last]:
        start, end = max(0, edit.start - at), min(len(text), edit.end - at)
        before = max(0, at - edit.start)
        made += [text[done:start], edit.text[before : before + end - start]]
        done = end
    return "".join((*made, text[done:]))
