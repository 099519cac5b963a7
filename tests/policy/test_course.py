"""Whether a run gets on is told from what it learns and does, not from calls that look alike."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

import pytest

from fleet.model.acts import Act, Course, Stuck
from fleet.model.state import Run
from fleet.policy.course import began, came_back
from fleet.policy.stuck import context_sign, is_at_ease, least_patience, next_look, sign_of

MINUTE = 60_000
ENOUGH = Stuck().repeats


def sign(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


class Told:
    """A course, and acts told to it. A second goes by with each."""

    def __init__(self, leisure: int = 1) -> None:
        self.course = Course()
        self.leisure = leisure
        self.now = 0

    def act(self, call: str, out: str = "", kind: str = "run", ok: bool = True, **more: object) -> int:
        """The level after that act."""
        self.now += 1000
        act = Act(f"c{self.now}", kind, sign(call), call, self.now, **more)  # type: ignore[arg-type]
        began(self.course, act)
        if kind != "say":
            act.back, act.ok, act.out = max(self.now, act.back), ok, sign(out)
            act.said = "" if ok else f"error: {out} went wrong"
            came_back(self.course, act, self.leisure)
        return self.course.level

    def edit(self, what: str, file: str = "") -> int:
        return self.act(f"{what} {file}", kind="edit", fresh=1, lines=1, file=file)

    def test(self, failure: str) -> int:
        return self.act("pytest", failure, "test", ok=not failure, fresh=0, lines=3)


@pytest.mark.parametrize("length", [2, 3, 5, 11])
def test_a_circle_is_found_however_long_it_is(length: int):
    told = Told()
    levels = [
        told.act(f"{n}", f"{n}", fresh=int(turn == 0), lines=1) for turn in range(3) for n in range(length)
    ]
    assert max(levels[: 2 * length]) < ENOUGH
    assert levels[-1] >= ENOUGH


def test_a_circle_is_found_when_only_numbers_in_its_calls_change():
    told = Told()
    for turn in range(3):
        for what in ("head", "tail", "log"):
            level = told.act(f"{turn}{what}", what, form=sign(what), fresh=int(turn == 0), lines=9)
    assert level >= ENOUGH


def test_a_circle_that_learns_something_each_time_is_none():
    told = Told()
    levels = [told.act(what, f"{what}{turn}", fresh=2, lines=4) for turn in range(9) for what in ("a", "b")]
    assert max(levels) < ENOUGH


def test_the_same_command_with_another_outcome_each_time_gets_on():
    told = Told()
    assert max(told.act("grep -c old", f"{n} left", fresh=1, lines=1) for n in range(40)) < ENOUGH


def test_the_same_command_with_the_same_outcome_gets_on_while_files_change():
    told = Told()
    levels = [step for n in range(30) for step in (told.edit(f"edit {n}"), told.test(""))]
    assert max(levels) < ENOUGH


def test_the_same_failure_after_each_of_five_edits_is_stuck():
    told = Told()
    levels = [level for n in range(5) for level in (told.edit(f"try {n}", "calc.py"), told.test("same"))]
    assert max(levels[:-1]) < ENOUGH <= levels[-1]


def test_failures_that_take_turns_are_stuck_though_each_edit_is_new():
    told = Told()
    levels = [
        level
        for n in range(4)
        for failure in ("one", "two")
        for level in (told.edit(f"{failure} {n}", "calc.py"), told.test(failure))
    ]
    assert levels[-1] >= ENOUGH


def test_a_new_failure_each_time_gets_on():
    told = Told()
    levels = [level for n in range(20) for level in (told.edit(f"try {n}"), told.test(f"error {n}"))]
    assert max(levels) < ENOUGH


def test_a_failure_that_was_mended_meanwhile_is_a_new_one():
    told = Told()
    levels = [
        level
        for n in range(8)
        for level in (told.test("red"), told.edit(f"code {n}", "calc.py"), told.test(""), told.edit(f"t {n}"))
    ]
    assert max(levels) < ENOUGH


def test_the_same_failure_while_file_after_file_is_begun_is_a_plan():
    told = Told()
    levels = [
        level
        for n in range(8)
        for level in (told.edit("new", f"a{n}"), told.edit("new", f"b{n}"), told.test("not there yet"))
    ]
    assert max(levels) < ENOUGH


def test_the_same_failure_at_other_commits_is_news():
    told = Told()
    levels = [
        level
        for n in range(8)
        for level in (told.act(f"git checkout {n}", kind="edit", moves=True), told.test("the bug"))
    ]
    assert max(levels) < ENOUGH


def test_going_back_to_what_was_there_before_is_a_circle():
    told = Told()
    levels = [told.edit(what, "calc.py") for what in ("plus", "minus", "plus", "minus", "plus")]
    assert max(levels[:4]) < ENOUGH <= levels[-1]


def test_reading_what_is_known_is_stuck_in_whatever_pieces_it_is_read():
    told = Told()
    levels = [told.act(f"sed {n}", f"{n}", fresh=0, lines=9) for n in range(15)]
    assert max(levels[:10]) < ENOUGH <= levels[-1]


def test_a_reviewer_may_read_twice_as_much_in_vain():
    told = Told(leisure=2)
    assert max(told.act(f"sed {n}", f"{n}", fresh=0, lines=9) for n in range(25)) < ENOUGH


def test_a_program_that_tells_no_results_is_not_said_to_learn_nothing():
    told = Told()
    assert max(told.act(f"read {n}", "", "read", fresh=0, lines=0) for n in range(90)) < ENOUGH


def test_one_error_for_whatever_is_asked_is_stuck():
    told = Told()
    levels = [told.act(f"ask {n}", "expired", "other", ok=False, fresh=1, lines=2) for n in range(4)]
    assert levels[2] < ENOUGH <= levels[3]


def test_nothing_that_works_is_stuck_at_the_eighth_call_and_not_seen_before():
    told = Told()
    levels = [told.act(f"try {n}", f"no {n}", ok=False, fresh=1, lines=1) for n in range(8)]
    assert max(levels[:7]) < 2
    assert levels[7] >= ENOUGH


def test_what_failed_thrice_and_passed_may_fail_thrice_again():
    told, levels = Told(), []
    for _ in range(4):
        for n in range(3):
            levels.append(told.act("run", "down", ok=False, fresh=0, lines=1))
            told.edit(f"try {told.now} {n}", "calc.py")
        levels.append(told.act("run", "fine", fresh=1, lines=1))
    assert max(levels) < ENOUGH


def test_what_looks_if_something_is_there_may_look_three_times_as_often():
    told = Told()
    levels = [told.act("is it there", "no", polls=True, fresh=0, lines=1) for _ in range(12)]
    assert levels[10] < ENOUGH <= levels[11]


def test_what_looks_if_something_is_there_may_fail_as_often():
    told = Told()
    assert (
        max(told.act("is it up", "refused", ok=False, polls=True, fresh=0, lines=1) for _ in range(11))
        < ENOUGH
    )


def test_who_waits_in_each_look_may_look_for_half_an_hour():
    told, levels = Told(), []
    for _ in range(31):
        levels.append(told.act("sleep 60; is it there", "no", polls=True, back=told.now + 1000 + MINUTE))
        told.now += MINUTE
    assert max(levels[:29]) < ENOUGH <= levels[-1]


def test_promises_without_a_deed_are_stuck_and_with_deeds_are_not():
    idle, busy = Told(), Told()
    words = (
        "I'll open it",
        "Let me fix calc.py",
        "Now I will test",
        "Next, I'm going to lint",
        "I will commit",
    )
    levels = [idle.act(each, kind="say") for each in words]
    assert max(levels[:4]) < ENOUGH <= levels[4]
    assert max(busy.act(each, kind=kind) for each in words for kind in ("say", "edit")) < ENOUGH


def test_a_plain_program_may_print_the_same_line_over_and_over():
    course = Course()
    for n in range(30):
        began(course, Act(f"c{n}", "say", "x", "I'll wait for the lock", n), prints=True)
    assert course.level < ENOUGH


def test_the_same_failure_counts_half_where_each_time_more_is_told():
    told, levels = Told(), []
    for n in range(8):
        told.edit(f"print {n}", "calc.py")
        levels.append(told.act("pytest", "same", "test", ok=False, fresh=4, lines=9))
    assert max(levels[:7]) < ENOUGH


def test_new_failures_of_what_edits_and_tests_at_once_get_on():
    told = Told()
    levels = [
        told.act(f"sed {n} && make", f"e{n}", "build", ok=False, fresh=1, lines=1, file="a")
        for n in range(20)
    ]
    assert max(levels) < ENOUGH


def test_the_same_in_other_words_is_stuck():
    told = Told()
    words = ("So", "Indeed", "Again", "Clearly")
    assert [told.act(f"{each}, the bug is in the add function of calc", kind="say") for each in words][
        -1
    ] >= ENOUGH


def test_what_is_kept_of_a_long_run_is_bounded():
    told = Told()
    for n in range(2000):
        told.edit(f"{n}", f"f{n}")
        told.act(f"x{n}", f"{n}", ok=bool(n % 3), fresh=0, lines=5)
    for n in range(500):
        told.act(f"y{n}", f"{n}", fresh=1, lines=5)
    course = told.course
    kept = (course.known, course.made, course.files, course.failed, course.circle)
    assert sum(map(len, kept)) < 400


def test_eight_calls_in_a_row_that_do_nothing_are_stuck_and_seven_are_not():
    told = Told()
    levels = [told.act(f"echo {n}", f"{n}", fresh=0, lines=1, hollow=3) for n in range(8)]
    assert max(levels[:7]) < ENOUGH <= levels[7]


def test_whoever_does_something_between_may_print_and_pause_as_it_likes():
    told, levels = Told(), []
    for n in range(20):
        levels += [told.act(f"echo {n} {m}", f"{n}", fresh=0, lines=1, hollow=3) for m in range(3)]
        levels.append(told.act(f"make part{n}", f"part {n}", "build", fresh=2, lines=2))
    assert max(levels) < ENOUGH


def test_reading_the_same_files_over_and_over_is_stuck_though_a_search_between_finds_something():
    told, levels = Told(), []
    for turn in range(5):
        levels += [told.act(f"cat {n}", f"{n}", "read", fresh=0, lines=9) for n in range(6)]
        levels.append(told.act(f"grep {turn}", f"{turn}", fresh=4, lines=4))
    assert max(levels[:21]) < ENOUGH <= max(levels)


def test_reading_the_same_files_again_after_each_change_is_work():
    told, levels = Told(), []
    for turn in range(12):
        levels += [told.act(f"cat {n}", f"{n}", "read", fresh=0, lines=9) for n in range(6)]
        levels.append(told.edit(f"step {turn}", f"{turn}"))
    assert max(levels) < ENOUGH


def test_a_server_in_the_foreground_may_be_started_thrice_and_again_after_a_change():
    told, levels = Told(), []
    for turn in range(3):
        levels += [told.act(f"serve {turn} {n}", f"{turn}{n}", serves=True, fresh=1) for n in range(3)]
        levels.append(told.edit(f"step {turn}"))
    assert max(levels) < ENOUGH
    assert [told.act(f"serve {n}", f"{n}", serves=True, fresh=1) for n in range(4)][-1] >= ENOUGH


def test_looks_in_many_ways_at_what_is_not_there_count_as_one():
    told = Told()
    ways = [(f"way {n}", n % 4) for n in range(20)]
    levels = [told.act(f"{way % 4}", f"{way}", polls=True, fresh=0, lines=1) for _, way in ways]
    assert max(levels[:12]) < ENOUGH <= levels[-1]


def test_words_that_take_turns_while_it_waits_for_a_server_are_stuck():
    told = Told()
    began(told.course, Act("s", "run", sign("serve"), "serve", 0, rests=True))
    levels = [told.act(("still starting", "waiting for it")[n % 2], kind="say") for n in range(6)]
    assert max(levels[:5]) < ENOUGH <= levels[5]


def test_words_that_take_turns_while_a_build_is_under_way_are_none():
    told = Told()
    began(told.course, Act("b", "build", sign("make"), "make", 0))
    assert max(told.act(("still building", "it goes on")[n % 2], kind="say") for n in range(30)) < ENOUGH


def test_who_counts_its_runs_may_repeat_them_three_times_as_often():
    counting, silent = Told(), Told()
    levels = []
    for n in range(1, 11):
        counting.act(f"Run {n} of 10.", kind="say")
        levels.append(counting.act("bench", "figure", fresh=0, lines=1))
        silent.act("bench", "figure", fresh=0, lines=1)
    assert max(levels) < ENOUGH <= silent.course.level


def test_who_counts_what_fails_may_not():
    told, levels = Told(), []
    for n in range(1, 5):
        told.act(f"Attempt {n} of 10.", kind="say")
        levels.append(told.act("fetch", "down", ok=False, fresh=0, lines=1))
    assert levels[-1] >= ENOUGH


def busy_tests(again: str, before_ms: int, minutes: int) -> Run:
    """A run whose tests have been under way for so long, and are busy."""
    run = Run("r1", "i1", "implement", "change", 1, 1, 1, 0, state="running")
    first = Act("c1", "test", sign("pytest"), "pytest", 0, back=before_ms)
    began(run.course, first)
    came_back(run.course, first, 1)
    act = Act("c2", "test", sign(again), again, before_ms)
    began(run.course, act)
    run.trail, run.heard, run.busy_at = [first, act], before_ms, before_ms + minutes * MINUTE
    return run


@pytest.mark.parametrize(
    ("again", "before_ms", "minutes", "stuck"),
    [
        ("pytest", 9_000, 61, True),
        ("pytest", 9_000, 59, False),
        ("pytest", 10 * MINUTE, 100, False),
        ("pytest -m slow", 9_000, 300, False),
    ],
)
def test_busy_tests_are_stuck_only_far_beyond_what_they_took_before(again, before_ms, minutes, stuck):
    run = busy_tests(again, before_ms, minutes)
    assert (sign_of(Stuck(), run, run.busy_at) is not None) == stuck


def test_a_run_that_is_at_ease_has_no_sign_and_need_not_be_looked_at():
    dice, rules = Random(5), Stuck()
    least = least_patience(rules)
    eased = 0
    for _ in range(4000):
        run = Run("r1", "i1", "implement", "change", 1, 1, 1, 0, state="running")
        run.heard, now = dice.randrange(40 * MINUTE), 40 * MINUTE
        run.course = Course(level=dice.randrange(6), open=dice.randrange(2), resting=dice.randrange(2))
        run.course.asks = dice.random() < 0.5
        run.fruitless, run.cost_limit = dice.choice([0, 39, 130]), dice.choice([0, 100])
        run.cost_micros, run.window = dice.randrange(100), dice.choice([0, 100])
        run.context = dice.randrange(100)
        if is_at_ease(rules, run, now, least):
            eased += 1
            assert sign_of(rules, run, now) is None
            assert context_sign(rules, run) is None
            assert next_look(rules, run) > now
    assert eased > 50
