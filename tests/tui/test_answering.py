"""What the keys do: the event that each appends, and what they refuse."""

from __future__ import annotations

from fleet.model import events
from fleet.surfaces.tui.help import help_lines
from fleet.surfaces.tui.keys import DEEDS, LOOKS, name
from fleet.surfaces.tui.look import plain


def test_one_key_approves(merge_asked):
    async def act(seat):
        await seat.press("a")
        await seat.sees("✓ You approved a1 (merge)", "NEEDS YOU  nothing")

    merge_asked.play(act)
    event = merge_asked.newest(events.APPROVAL_GIVEN)
    assert event.source == "user/mia"
    assert dict(event.data) == {"approval": "a1", "actor": "user/mia", "note": ""}
    merge_asked.story.settle()
    assert merge_asked.story.state.changes[2].approved_by == ["user/mia"]


def test_a_change_is_sent_back_with_words(merge_asked):
    async def act(seat):
        await seat.press("r")
        await seat.sees("(•) send it back to its author")
        await seat.write("no test")
        await seat.press("enter")
        await seat.sees("✓ You have sent back a1")

    merge_asked.play(act)
    data = merge_asked.newest(events.APPROVAL_REFUSED).data
    assert (data["note"], data["send_back"]) == ("no test", True)


def test_a_change_is_refused_for_good_after_tab(merge_asked):
    async def act(seat):
        await seat.press("r", "tab")
        await seat.write("not wanted")
        await seat.press("enter")
        await seat.sees("✓ You refused a1")

    merge_asked.play(act)
    assert merge_asked.newest(events.APPROVAL_REFUSED).data["send_back"] is False


def test_nothing_is_refused_without_a_reason(merge_asked):
    async def act(seat):
        await seat.press("r", "space", "enter")
        await seat.sees("your reason is needed")
        await seat.press("escape")
        await seat.sees("NEEDS YOU  1")

    merge_asked.play(act)
    assert merge_asked.count(events.APPROVAL_REFUSED) == 0


def test_what_is_not_looked_at_is_not_approved(merge_asked):
    async def act(seat):
        await seat.press("shift+tab")
        await seat.press("a")
        await seat.sees("This is what waits: look at it")
        assert merge_asked.count(events.APPROVAL_GIVEN) == 0
        await seat.press("a")
        await seat.sees("✓ You approved a1")

    merge_asked.play(act)


def test_what_is_approved_twice_at_once_is_approved_once(merge_asked):
    async def act(seat):
        await seat.press("a", "a")
        await seat.sees("NEEDS YOU  nothing")

    merge_asked.play(act)
    assert merge_asked.count(events.APPROVAL_GIVEN) == 1


def test_a_question_is_answered_with_words(at_work):
    at_work.story.about("r1", events.RUN_REPORTED, verdict="ask", text="Euros or cents?")
    at_work.story.end("r1")

    async def act(seat):
        await seat.sees("An agent asks", "Euros or cents?")
        await seat.press("a")
        await seat.write("cents")
        await seat.press("enter")
        await seat.sees("✓ You answered a1")

    at_work.play(act)
    assert at_work.newest(events.APPROVAL_GIVEN).data["note"] == "cents"


def test_a_live_run_is_told_something(at_work):
    async def act(seat):
        await seat.press("s")
        await seat.write("in english")
        await seat.press("enter")
        await seat.sees("✓ You told r1", "taken up when the watcher is started")

    at_work.play(act)
    assert dict(at_work.newest(events.RUN_SAID).data) == {
        "run": "r1",
        "text": "in english",
        "actor": "user/mia",
    }


def test_a_run_is_stopped_once_that_is_confirmed(at_work):
    async def act(seat):
        await seat.press("x")
        await seat.sees("Stop r1 (developer, #1)?")
        await seat.press("escape")
        assert at_work.count(events.RUN_STOP_ASKED) == 0
        await seat.press("x", "enter")
        await seat.sees("✓ r1 is asked to stop")

    at_work.play(act)
    assert at_work.newest(events.RUN_STOP_ASKED).data["run"] == "r1"


def test_a_failed_job_is_tried_again(board):
    board.story.issue()
    board.story.start("r1")
    board.story.end("r1", reason="ceiling", finish="")

    async def act(seat):
        await seat.press("t")
        await seat.sees("✓ r1 is tried again")

    board.play(act)
    assert board.newest(events.APPROVAL_GIVEN).data["approval"] == "a1"


def test_an_agent_is_quarantined_and_released(at_work):
    async def act(seat):
        await seat.press("Q")
        await seat.write("odd")
        await seat.press("enter")
        await seat.sees("✓ developer is in quarantine")
        await seat.press("Q")
        await seat.sees("Release developer")
        await seat.write("looked at")
        await seat.press("enter")
        await seat.sees("✓ developer may work again")

    at_work.play(act)
    assert at_work.newest(events.AGENT_QUARANTINED).data["reason"] == "odd"
    assert at_work.newest(events.AGENT_RELEASED).data["reason"] == "looked at"


def test_keys_with_nothing_to_act_on_say_so(board):
    async def act(seat):
        for key in ("a", "r", "s", "x", "t", "d", "g", "enter"):
            await seat.press(key)
        await seat.press("q")

    before = board.log.head().seq
    board.play(act)
    assert board.log.head().seq == before


def test_help_names_every_key(board):
    async def act(seat):
        await seat.press("question_mark")
        await seat.sees("KEYS", *(each.help for each in (*DEEDS, *LOOKS)))
        await seat.press("escape")
        await seat.sees("AGENTS")

    board.play(act, (80, 30))
    shown = "\n".join(plain(line) for line in help_lines())
    assert [each for each in (*DEEDS, *LOOKS) if f"  {name(each.key)} " not in shown] == []


def test_always_shows_what_it_writes_before_it_is_proposed(at_work):
    path = at_work.place.root / "fleet.yaml"
    held = "    harness: claude-code\n    permissions: {allow: [Read], otherwise: ask}\n"
    held += "    template: developer"
    path.write_text(path.read_text().replace("    template: developer", held).replace("script:", "x:", 1))
    path.write_text(path.read_text().replace("    options: {x: script.yaml}\n", "", 1))
    at_work.git("commit", "-qam", "Hold it to rules")
    offer = {"where": "allow", "rules": ["Bash(make deploy)"]}
    asked = {"call": "c1", "tool": "Bash", "about": "make deploy", "rule": "", "until": 10**15}
    at_work.story.about("r1", events.TOOL_ASKED, agent="developer", **asked, offer=offer)

    async def act(seat):
        await seat.sees("May it do this?", "make deploy")
        await seat.press("A")
        await seat.sees("Always allow this? (a1)", 'allow: [Read, "Bash(make deploy)"]')
        await seat.press("escape")
        await seat.sees("NEEDS YOU  1")
        await seat.press("A")
        await seat.sees("Always allow this?")
        await seat.press("enter")
        await seat.sees("✓ You approved a1; the pull request on fleet.yaml follows")

    at_work.play(act, (100, 36))
    data = at_work.newest(events.RULES_PROPOSED).data
    assert (data["agent"], data["where"], list(data["rules"]), data["actor"]) == (
        "developer",
        "allow",
        ["Bash(make deploy)"],
        "user/mia",
    )
    assert at_work.newest(events.APPROVAL_GIVEN).data["approval"] == "a1"
