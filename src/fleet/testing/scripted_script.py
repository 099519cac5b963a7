"""The script of a scripted agent: read from YAML, checked as a whole before the first step is played.

    steps:                      # or, for several situations, the first of them that fits:
      - say: I start.           # cases:
      - write: {path: a.txt, content: hello}     #   - when: {prompt: review, round: 1}
      - commit: Add a.txt                        #     steps: [...]
      - agent: [done, -m, It is there.]          #   - steps: [...]      (fits always)

A step is a verb with its value; beside it there may be `when` (else the step is passed over) and `may_fail`
(a failure does not end the agent). Standard library and PyYAML only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

NUMBER = (int, float)

# verb → the type of its value; for an object, the names that it must have
VERBS: Mapping[str, Any] = {
    "say": str,
    "write": ("path", "content"),
    "append": ("path", "content"),
    "edit": ("path", "find", "replace"),
    "run": str,
    "commit": str,
    "agent": list,
    "ask": str,
    "sleep": NUMBER,
    "exit": int,
    "crash": (int, str),
    "garbage": int,
    "line": NUMBER,
    "ignore_sigterm": bool,
    "daemon": NUMBER,
    "spend": dict,
    "wait_input": NUMBER,
    "fail": str,
}
_BESIDE = ("when", "may_fail")
_WHEN = ("prompt", "item", "round")


class BadScript(Exception):
    """The script can't be played; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What conditions look at: the prompt, the item ("" when unknown) and the round."""

    prompt: str
    item: str
    round: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    verb: str
    value: Any
    place: str
    may_fail: bool = False


def load_script(path: Path, situation: Situation) -> list[Step]:
    """The steps to play in this situation. Raises `BadScript`, also for mistakes in cases that do not fit."""
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BadScript(f"{path}: can't be read: {' '.join(str(error).split())}") from error
    try:
        return _steps_of(document, situation, "the script")
    except BadScript as error:
        raise BadScript(f"{path}: {error}") from error


def _steps_of(document: object, situation: Situation, place: str) -> list[Step]:
    if isinstance(document, list):
        return _steps(document, situation, "steps")
    if not isinstance(document, dict) or len({"steps", "cases"} & set(document)) != 1:
        raise BadScript(f"{place}: expected steps: [...] or cases: [...]")
    _known(document, ("steps", "cases", "when"), place)
    if "steps" in document:
        return _steps(document["steps"], situation, "steps" if place == "the script" else f"{place}.steps")
    cases = document["cases"]
    if not isinstance(cases, list):
        raise BadScript(f"{place}: cases is not a list")
    chosen: list[Step] | None = None
    for at, case in enumerate(cases):
        here = f"cases[{at}]" if place == "the script" else f"{place}.cases[{at}]"
        steps = _steps_of(case, situation, here)
        fits = isinstance(case, dict) and _fits(case.get("when"), situation, f"{here}.when")
        if fits and chosen is None:
            chosen = steps
    if chosen is None:
        raise BadScript("no case fits this prompt, item and round; end with a case that has no when")
    return chosen


def _steps(value: object, situation: Situation, place: str) -> list[Step]:
    if not isinstance(value, list):
        raise BadScript(f"{place} is not a list")
    made = [_step(each, situation, f"{place}[{at}]") for at, each in enumerate(value)]
    return [step for step in made if step is not None]


def _step(value: object, situation: Situation, place: str) -> Step | None:
    if not isinstance(value, dict):
        raise BadScript(f"{place}: expected a verb with its value, such as say: Hello.")
    _known(value, (*VERBS, *_BESIDE), place)
    verbs = [name for name in value if name in VERBS]
    if len(verbs) != 1:
        raise BadScript(f"{place}: expected one verb, found {', '.join(verbs) or 'none'}")
    verb = verbs[0]
    _check(verb, value[verb], f"{place}.{verb}")
    step = Step(verb, value[verb], place, value.get("may_fail") is True)
    return step if _fits(value.get("when"), situation, f"{place}.when") else None


def _check(verb: str, value: object, place: str) -> None:
    wanted = VERBS[verb]
    if isinstance(wanted, tuple) and isinstance(wanted[0], str):
        if not isinstance(value, dict) or set(value) != set(wanted):
            raise BadScript(f"{place}: expected {{{', '.join(f'{name}: …' for name in wanted)}}}")
        if not all(isinstance(each, str) for each in value.values()):
            raise BadScript(f"{place}: expected texts")
        return
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        names = wanted if isinstance(wanted, tuple) else (wanted,)
        kinds = " or ".join(
            {str: "a text", list: "a list", dict: "an object"}.get(n, n.__name__) for n in names
        )
        raise BadScript(f"{place}: expected {kinds}, found {value!r}"[:300])
    if isinstance(value, int | float) and value < 0:
        raise BadScript(f"{place}: expected a number that is not negative")
    if verb == "spend":
        _check_spend(value, place)


def _check_spend(value: object, place: str) -> None:
    assert isinstance(value, dict)
    _known(value, ("cost", "tokens"), place)
    if not all(isinstance(each, NUMBER) and each >= 0 for each in value.values()):
        raise BadScript(f"{place}: expected {{cost: dollars, tokens: number}}")


def _fits(when: object, situation: Situation, place: str) -> bool:
    if when is None:
        return True
    if not isinstance(when, dict):
        raise BadScript(f"{place}: expected {{prompt: regex, item: regex, round: number}}")
    _known(when, _WHEN, place)
    fits = True
    for name, wanted in when.items():
        if name == "round":
            fits = fits and wanted == situation.round
            continue
        # Where nobody says what the item is, the prompt does: it carries the item's text.
        text = situation.prompt if name == "prompt" else situation.item or situation.prompt
        try:
            fits = fits and re.search(str(wanted), text) is not None
        except re.error as error:
            raise BadScript(f"{place}.{name}: {wanted!r} is no regular expression: {error}") from error
    return fits


def _known(value: Mapping[Any, Any], names: tuple[str, ...], place: str) -> None:
    for name in value:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f", did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
            raise BadScript(f"{place}: unknown {str(name)!r}{hint}")
