"""Whether a run gets on, told from its acts one by one, each at a cost that does not grow with their number.

What counts is news: a file changed in a way that is new, a failure that was not there before, a line of
output that was never seen before. What brings no news is counted until something does:

* the same call with the same result in a row (`row`), or again and again since a file changed (`same`),
* calls with results that are known already, however long the circle is that they make (`circle`),
* looking at what was seen before, in whatever words it is asked for (`barren`),
* the same failure with nothing learned between (`alike`), or whatever was changed between (`vain`),
* calls that all fail (`failing`), the same words (`talks`), and promises without a deed (`promises`),
* calls that do nothing at all (`hollow`), calls that were made three times and more, whatever was learned
  between, as long as no file changed (`worn`), and servers in the foreground, started again (`serves`).

Each has a level: a run is stuck when that reaches `Stuck.repeats`, 4 if nothing else is said.
"""

from __future__ import annotations

import re

from fleet.model.acts import Act, Course

_KNOWN, _MADE, _FILES, _FAILED, _CIRCLE = 160, 64, 64, 24, 24  # so many of each are kept
_PATIENT = 3  # so many times as often may be looked whether something is there yet
_SLOW_MS = 30_000  # that much of waiting in each look:
_SLOWLY_MS = 30 * 60_000  # so it may be looked for this long
_ALL_FAIL = 8
_LEAST_WORDS = 12  # characters of a failure that say enough to know it again
_BIG_STEP, _NEW_FILES = 4, 2  # changes, files begun between two checks: whoever makes so many follows a plan
_LITTLE_NEW = 5  # of so many lines one is new: the same, with a number that counts
_MUCH, _LITTLE = 4, 1  # what an act in vain counts; what one counts that hardly says anything
_TELLING = 3  # lines
_BARREN = 15  # for so much is one level
_HOLLOW = 6  # so is this weight of what does nothing
_THIRD = 2  # so many times was it done before
_WORN = 3  # and so many calls for the third time
_TESTS = 24
_ALIKE = 0.7  # of the words of two messages are the same
_WORDS = 24
_SAYINGS = 8
_PRINTED = 10  # so many times as often may a plain program print the same line

_PROMISE = re.compile(
    r"^(?:ok(?:ay)?[,.!]? |now,? |next,? |alright,? |great[,.!]? |sure[,.!]? |so,? |first,? |then,? )*"
    r"(?:i'll|i will|i'm going to|i am going to|i'm about to|let me|let's|i need to|i should|going to)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b(\d{1,3})(?: of |/)(\d{1,3})\b")
_QUESTION = re.compile(
    r"\?\W*$|[\[(]y(?:es)?/no?[\])]\W*$"
    r"|\b(?:please (?:confirm|advise|clarify|tell me)|let me know|(?:a?waiting|wait) (?:for )?your)\b[^?]*$",
    re.IGNORECASE,
)


def began(course: Course, act: Act, prints: bool = False) -> None:
    """A call is under way, or a message was said; where the program `prints`, that is one of its lines."""
    if act.kind == "say":
        _said(course, act, prints)
        _judge(course, act, 1)
        return
    course.open += 1
    course.resting += act.rests
    course.asks = False


def forgot(course: Course, act: Act) -> None:
    """A call is not waited for any more."""
    if act.kind != "say" and not act.back:
        course.open -= 1
        course.resting -= act.rests


def came_back(course: Course, act: Act, leisure: int) -> bool:
    """A call came back: whether it changed something in a way that is new. `leisure`: so many times as much
    as others may be read in vain by whoever has to judge what they made.
    """
    course.open -= 1
    course.resting -= act.rests
    course.talks = course.promises = course.resaid = 0
    course.sayings.clear()
    if act.kind == "report":
        return False
    course.hollow = course.hollow + act.hollow if act.hollow else 0
    course.hollows = course.hollows + 1 if act.hollow else 0
    if act.kind == "test":
        longest = max(course.took.pop(act.call, 0), act.back - act.at)
        course.took[act.call] = longest
        if len(course.took) > _TESTS:
            del course.took[next(iter(course.took))]
    mark = act.call[:6] + act.out[:6]
    alike = (act.form or act.call)[:6] + act.out[:6] + "~"
    changes = act.ok and act.kind in ("edit", "commit") and act.call not in course.made
    returns = act.ok and act.kind in ("edit", "commit") and not changes
    seen = returns or (mark if act.kind in ("edit", "commit") else alike) in course.known
    if act.moves and changes:
        course.moved = True
    is_new_failure = _fails_anew(course, act)
    if changes:
        _keep(course.made, act.call, _MADE)
        course.known.clear()
        course.worn = course.served = 0
        course.edits += 1
        course.begun += bool(act.file) and act.file not in course.files
        _keep(course.files, act.file, _FILES)
        if act.kind == "commit":
            course.vain = 0
    if changes or is_new_failure or (not returns and _is_news(course, act, seen)):
        _gets_on(course, act)
    else:
        _gets_nowhere(course, act, alike, seen)
        course.returns += returns
    course.served += act.serves and not act.polls and act.fresh <= 1
    if act.ok and not (changes or act.polls or act.hollow or act.fresh):
        course.worn += course.known.get(act.call[:6], 0) >= _THIRD
    for each in (act.call[:6], alike, mark):
        course.known[each] = course.known.pop(each, 0) + 1
        if len(course.known) > _KNOWN:
            del course.known[next(iter(course.known))]
    if mark != course.last:
        course.last, course.row, course.row_ms = mark, 0, 0
    course.row += 1
    course.row_ms += act.back - act.at
    _judge(course, act, leisure)
    return changes


def renewed(course: Course) -> Course:
    """What is left of it when the agent has been told that it is stuck: what is under way."""
    return Course(open=course.open, resting=course.resting, took=course.took)


def _is_news(course: Course, act: Act, seen: bool) -> bool:
    """Whether it told something that was not known before."""
    if act.fresh < 0:
        return not seen  # an old log does not say
    if not act.fresh:
        return False
    return act.polls or act.call[:6] not in course.known or act.fresh * _LITTLE_NEW > act.lines


def _gets_on(course: Course, act: Act) -> None:
    course.stale = course.barren = course.returns = course.stale_ms = 0
    if act.ok:
        course.alike = 0
    course.circle.clear()
    course.patient = False


def _gets_nowhere(course: Course, act: Act, alike: str, seen: bool) -> None:
    course.patient = course.patient or act.polls
    if seen:
        course.stale += 1
        course.stale_ms += act.back - act.at
        if alike not in course.circle and len(course.circle) <= _CIRCLE:
            course.circle.append(alike)
    if act.lines >= _TELLING or (seen and act.call[:6] in course.known):
        course.barren += _MUCH
    elif act.lines:  # who tells nothing at all may be a program that tells no results
        course.barren += _LITTLE


def _fails_anew(course: Course, act: Act) -> bool:
    """Whether it failed in a way that was not there before."""
    checks = act.kind in ("test", "build")
    form = act.form or act.call
    name = act.out if checks else form + act.out
    if act.ok:
        course.failing = 0
        passed = [each for each, failed in course.failed.items() if failed == form]
        for each in passed:
            del course.failed[each]
        if passed:
            course.vain, course.edits, course.begun, course.moved = 0, 0, 0, False
        return False
    telling = checks or len(act.said) >= _LEAST_WORDS
    known = name in course.failed
    course.failing = 1 if checks and not known and (course.edits or act.file) else course.failing + 1
    if not telling:
        return False
    course.alike = course.alike + 1 if act.out == course.error else 1
    course.error = act.out
    if not known:
        course.failed[name] = form
        if len(course.failed) > _FAILED:
            del course.failed[next(iter(course.failed))]
        if checks:
            course.vain = 0
    elif course.edits < _BIG_STEP and course.begun < _NEW_FILES and not course.moved:
        course.vain += 1 if act.fresh >= _TELLING else 2
    course.edits, course.begun, course.moved = 0, 0, False
    return not known


def _said(course: Course, act: Act, prints: bool) -> None:
    words = [act.text] if prints else sorted(set(re.findall(r"[^\W\d_]+", act.text.lower())))[:_WORDS]
    both = len({*words} & {*course.words})
    alike = bool(words) and both >= _ALIKE * len({*words, *course.words})
    course.talks = course.talks + 1 if alike and course.talks else 1
    course.promises = course.promises + 1 if not prints and _PROMISE.search(act.text) else 0
    if not prints:
        course.resaid += act.call in course.sayings
        if act.call not in course.sayings and len(course.sayings) < _SAYINGS:
            course.sayings.append(act.call)
        course.counted = _counted(course.counted, act.text)
    course.prints = prints
    course.words = words
    course.asks = bool(_QUESTION.search(act.text))


def _counted(before: int, text: str) -> int:
    """The number of this time, where its message says so, and the one before said the number before."""
    found = _COUNTED.search(text)
    now, most = (int(found[1]), int(found[2])) if found else (0, 0)
    return now if now <= most and now in (1, before + 1) else 0


def _judge(course: Course, act: Act, leisure: int) -> None:
    """The sign that has come farthest."""
    course.level, course.sign, course.times, course.among = 0, "", 0, 1
    if act.kind == "say":
        at_work = course.open > course.resting
        calm = _PRINTED if course.prints else _PATIENT if at_work else 1
        _rate(course, course.talks // calm, "talks", course.talks)
        if not at_work:
            _rate(course, course.resaid, "talks", course.resaid)
        _rate(course, course.promises - 1, "promises", course.promises)
        return
    on_purpose = act.ok and course.counted > 1
    patience = _PATIENT if act.polls or on_purpose else 1
    _rate(course, _waited(course.row // patience, course.row, course.row_ms, act.polls), "row", course.row)
    among = len(course.circle)
    rounds = course.stale // among + 1 if among > 1 else 0
    rounds = rounds // _PATIENT if course.patient else rounds
    if course.patient and 1 < among <= _CIRCLE:
        level = _waited(course.stale // _PATIENT, course.stale, course.stale_ms, course.patient)
        _rate(course, level, "circle", rounds, among)
    if rounds >= 3 and among <= _CIRCLE:
        level = _waited(rounds + 1, course.stale, course.stale_ms, course.patient)
        _rate(course, level, "circle", rounds, among)
    if course.returns >= 3:
        _rate(course, course.returns + 1, "circle", course.returns, max(2, among))
    same = course.known.get(course.last, 0) // (leisure * (2 if act.kind == "read" else 1))
    if not (act.polls and act.back - act.at >= _SLOW_MS):
        _rate(course, same // patience - 2, "same", course.known.get(course.last, 0))
    if not course.patient:
        _rate(course, course.barren // (_BARREN * leisure * patience), "barren", course.barren // _MUCH)
    _rate(course, course.hollow // _HOLLOW, "hollow", course.hollows)
    _rate(course, course.worn // (_WORN * leisure * patience), "worn", course.worn)
    _rate(course, course.served if act.serves else 0, "serves", course.served)
    if not act.ok:
        _rate(course, course.alike // patience, "alike", course.alike)
        _rate(course, course.vain // (2 * patience), "vain", course.vain // 2 + 1)
        if course.failing >= _ALL_FAIL * leisure * patience:
            _rate(course, course.failing // (2 * leisure * patience), "failing", course.failing)


def _rate(course: Course, level: int, sign: str, times: int, among: int = 1) -> None:
    if level > course.level:
        course.level, course.sign, course.times, course.among = level, sign, times, among


def _waited(level: int, times: int, long: int, polls: bool) -> int:
    """The level of what was looked at so often, and for so long: who waits meanwhile may do so for longer."""
    return min(level, 4 * long // _SLOWLY_MS) if polls and long >= _SLOW_MS * times else level


def _keep(among: dict[str, None], name: str, most: int) -> None:
    among.pop(name, None)
    among[name] = None
    if len(among) > most:
        del among[next(iter(among))]
