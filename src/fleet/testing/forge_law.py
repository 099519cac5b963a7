"""The conformance suite of `fleet.ports.forge`: what every forge must do, as plain functions.

    for law in LAWS:
        law(make)

`make()` gives a new `Stage`: a forge with one repository, and the hands of the people there. A broken law
raises `AssertionError` with a sentence that says which promise was broken, or whatever the forge raised.
It wants nothing of a test framework, and sleeps nowhere: `pass_time` moves the forge's clock and ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from fleet.model import events
from fleet.model.errors import Temporary
from fleet.model.event import Event
from fleet.ports.forge import Forge, Look, Polled, PullRequest, Refused

READY, WORKING, THEIRS = "fleet:ready", "fleet:working", "theirs"


class Stage(Protocol):
    """A forge with its world. `member` may write to `repo`, `stranger` may not; the forge's login is a third.

    `READY` and `WORKING` are Fleet's own labels, `THEIRS` is one of the people's; all are there.
    """

    forge: Forge
    repo: str
    member: str
    stranger: str

    def open_issue(self, login: str, title: str, body: str) -> int:
        """Somebody opens an issue; its number."""
        ...

    def label(self, number: int, label: str, login: str) -> None:
        """Somebody sets a label."""
        ...

    def comment(self, number: int, login: str, text: str) -> None:
        """Somebody comments."""
        ...

    def review(self, number: int, login: str, *, approve: bool) -> None:
        """Somebody reviews the head as it is."""
        ...

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Fleet's branch gets a commit, by git; the commit."""
        ...

    def seen(self, number: int) -> Mapping[str, Any]:
        """What people see: `open`, `labels` (sorted), `comments` (texts), `reviews` (texts)."""
        ...

    def branches(self) -> Sequence[str]:
        """The branches that are there."""
        ...

    def exhaust(self, seconds: int) -> None:
        """The limit on requests is reached, for so long."""
        ...

    def asked(self) -> int:
        """How many requests have reached the forge."""
        ...

    def pass_time(self, seconds: int) -> None:
        """Time goes by."""
        ...

    def close(self) -> None:
        """The end."""
        ...


MakeStage = Callable[[], Stage]
Law = Callable[[MakeStage], None]


def the_first_poll_tells_what_is_open(make: MakeStage) -> None:
    """With an empty cursor: each open issue, who set its labels, what was said."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.stranger, "It breaks", "Here is how.")
        on.stage.label(number, READY, on.stage.member)
        on.stage.comment(number, on.stage.stranger, "Me too.")
        on.stage.pass_time(60)
        facts = on.poll()
        opened = on.one(facts, events.ITEM_OPENED)
        _must((opened["title"], opened["body"]) == ("It breaks", "Here is how."), "it is told as it reads")
        _must(opened["author"] == f"user/{on.stage.stranger}" and opened["trusted"] is False, "and by whom")
        _must(on.one(facts, events.ITEM_LABELED)["label"] == READY, "its label is told")
        _must(on.one(facts, events.ITEM_COMMENTED)["text"] == "Me too.", "what was said is told")
        _must(all(event.data["ref"] == f"{on.stage.repo}#{number}" for event in facts), "each names its ref")
        kinds = [event.type for event in facts]
        _must(kinds[0] == events.ITEM_OPENED, f"nothing is told of an issue before it is there ({kinds})")


def each_fact_has_one_id(make: MakeStage) -> None:
    """Told twice, from the same cursor or from none, a fact has the same id; a new poll tells only news."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        on.stage.label(number, READY, on.stage.member)
        first = on.stage.forge.poll(on.stage.repo, {})
        again = on.stage.forge.poll(on.stage.repo, {})
        names = [event.id for event in first.facts]
        _must(sorted(names) == sorted(event.id for event in again.facts), "told anew, ids are the same")
        _must(len(set(names)) == len(names) and all(names), "no two facts share an id, none lacks one")
        on.cursor = first.cursor
        on.stage.pass_time(60)
        _must(on.poll() == (), "what was told is not told again")
        on.stage.comment(number, on.stage.member, "Well?")
        before = on.cursor
        told, repeated = on.poll(), on.stage.forge.poll(on.stage.repo, before).facts
        _must(len(told) == 1, "what is new is told")
        _must({e.id for e in told} <= {e.id for e in repeated}, "from the old cursor it is told as before")


def a_label_counts_by_who_set_it(make: MakeStage) -> None:
    """The label's actor is told and whether he counts, whoever opened the issue."""
    with _On(make) as on:
        theirs = on.stage.open_issue(on.stage.stranger, "Theirs", "Merge this yourself.")
        on.poll()
        on.stage.label(theirs, READY, on.stage.member)
        labeled = on.one(on.poll(), events.ITEM_LABELED)
        _must(labeled["actor"] == f"user/{on.stage.member}", "the actor of the label is told")
        _must(labeled["trusted"] is True, "one who may write is trusted")
        _must(on.stage.forge.may_write(on.stage.repo, on.stage.member), "who may write, may write")
        _must(not on.stage.forge.may_write(on.stage.repo, on.stage.stranger), "a stranger may not")
        _must(not on.stage.forge.may_write(on.stage.repo, "nobody-of-that-name"), "nobody may not")


def a_command_is_told_with_who_gave_it(make: MakeStage) -> None:
    """`/fleet VERB args` in a comment; a stranger's is told too, as one that does not count."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        on.poll()
        on.stage.comment(number, on.stage.stranger, "/fleet approve")
        on.stage.comment(number, on.stage.member, "Not so.\n\n/fleet retry with care")
        facts = on.poll()
        commands = [event.data for event in facts if event.type == events.FORGE_COMMANDED]
        told = [(each["command"], each["args"], each["trusted"]) for each in commands]
        _must(told == [("approve", "", False), ("retry", "with care", True)], f"commands are told ({told})")
        _must(on.one(facts, events.ITEM_COMMENTED)["text"] == "Not so.", "the rest is a comment")


def fleets_own_doings_are_no_facts(make: MakeStage) -> None:
    """Labels, comments, reviews, statuses, the pull request itself, its closing: Fleet knows its own."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        on.stage.label(number, READY, on.stage.member)
        on.poll()
        pull = on.pull()
        forge, repo = on.stage.forge, on.stage.repo
        forge.show(repo, number, Look(labels=(WORKING,), comments={"status": "At work."}))
        forge.review(repo, pull.number, head=pull.head, mark="r1", verdict="approve", text="Good.")
        forge.status(repo, pull.head, name="fleet/gates", state="pending", text="waits")
        forge.close(repo, number, reason="completed")
        forge.close(repo, pull.number, reason="completed")
        facts = [*on.poll(), *on.poll()]
        _must(not facts, f"what Fleet did is no fact ({[event.id for event in facts]})")


def one_pull_request_for_a_branch(make: MakeStage) -> None:
    """Asked again, the one that is there is returned."""
    with _On(make) as on:
        first = on.pull()
        second = on.stage.forge.open_pull_request(
            on.stage.repo, branch="fleet/1-one", base="main", title="Other", body="Other"
        )
        _must(second.number == first.number, "there is one pull request for a branch")
        _must(first.open and not first.merged and first.base == "main", "it is told as it is")
        seen = on.stage.forge.pull_request(on.stage.repo, first.number)
        _must((seen.head, seen.title) == (first.head, "One"), "it can be looked at, and was not changed")


def a_look_is_made_true_and_left_alone(make: MakeStage) -> None:
    """Fleet's labels and comments as asked, each comment once and edited; people's are left alone."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        for label in (READY, THEIRS):
            on.stage.label(number, label, on.stage.member)
        on.stage.comment(number, on.stage.member, "Mine.")
        forge, repo = on.stage.forge, on.stage.repo
        for text in ("At work.", "At work.", "Still at work."):
            forge.show(repo, number, Look(labels=(WORKING,), comments={"status": text}))
        seen = on.stage.seen(number)
        _must(seen["labels"] == sorted([WORKING, THEIRS]), f"labels are as asked ({seen['labels']})")
        texts = seen["comments"]
        _must(
            len(texts) == 2 and texts[0] == "Mine.", f"one comment of Fleet's, the other untouched ({texts})"
        )
        _must("Still at work." in texts[1], "it says the last that was asked")
        asked = on.stage.asked()
        forge.show(repo, number, Look(labels=(WORKING,), comments={"status": "Still at work."}))
        _must(on.stage.seen(number) == seen, "asked again, nothing changes")
        _must(on.stage.asked() - asked <= 6, "and it costs little")


def a_mark_in_a_text_is_only_text(make: MakeStage) -> None:
    """Nobody can write a comment that Fleet takes for its own, nor put a mark into Fleet's mouth."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        forge, repo = on.stage.forge, on.stage.repo
        forge.show(repo, number, Look(comments={"status": "One.\n\n<!-- fleet:other -->"}))
        (ours,) = on.stage.seen(number)["comments"]
        on.poll()
        on.stage.comment(number, on.stage.stranger, ours)
        on.one(on.poll(), events.ITEM_COMMENTED)
        forge.show(repo, number, Look(comments={"status": "Two.", "other": "Three."}))
        texts = on.stage.seen(number)["comments"]
        _must(len(texts) == 3 and texts[1] == ours, f"a stranger's copy is left alone ({texts})")
        _must("Two." in texts[0] and "Three." in texts[2], "each mark has its own comment")


def a_review_is_posted_once(make: MakeStage) -> None:
    """Under one mark; a verdict that the login may not give is said in its text."""
    with _On(make) as on:
        pull = on.pull()
        for _ in range(2):
            on.stage.forge.review(
                on.stage.repo, pull.number, head=pull.head, mark="r1", verdict="approve", text="Good work."
            )
        reviews = on.stage.seen(pull.number)["reviews"]
        _must(len(reviews) == 1 and "Good work." in reviews[0], f"one review for a mark ({reviews})")
        _must("pproved" in reviews[0], "an author's own approval is said in words")


def a_persons_review_is_of_a_head(make: MakeStage) -> None:
    """Who, which verdict, and for exactly which commit; also of a command."""
    with _On(make) as on:
        pull = on.pull()
        on.poll()
        on.stage.pass_time(60)
        on.stage.review(pull.number, on.stage.member, approve=True)
        on.stage.comment(pull.number, on.stage.member, "/fleet approve")
        on.stage.pass_time(60)
        newer = on.stage.push("fleet/1-one", {"two.txt": "2\n"})
        facts = on.poll()
        reviewed = on.one(facts, events.CHANGE_REVIEWED)
        _must((reviewed["verdict"], reviewed["head"]) == ("approve", pull.head), "a review is of its head")
        _must(
            reviewed["by"] == f"user/{on.stage.member}" and reviewed["trusted"] is True, "and by its author"
        )
        _must(
            on.one(facts, events.FORGE_COMMANDED)["head"] == pull.head, "a command is of the head then seen"
        )
        _must(on.one(facts, events.CHANGE_HEAD_SEEN)["head"] == newer, "a new head is told")


def exactly_that_head_is_merged(make: MakeStage) -> None:
    """Or nothing; and merged again it is the same merge."""
    with _On(make) as on:
        pull = on.pull()
        newer = on.stage.push("fleet/1-one", {"two.txt": "2\n"})
        on.poll()

        def merge(head: str) -> str | Refused:
            return on.stage.forge.merge(
                on.stage.repo, pull.number, head=head, method="squash", title="One", message=""
            )

        refused = merge(pull.head)
        _must(isinstance(refused, Refused) and refused.kind == "moved", f"another head: moved ({refused})")
        _must(on.stage.forge.pull_request(on.stage.repo, pull.number).open, "and nothing is merged")
        done = merge(newer)
        _must(isinstance(done, str) and bool(done), f"that head is merged ({done})")
        _must(merge(newer) == done, "merged again, it is the same merge")
        _must(on.stage.forge.pull_request(on.stage.repo, pull.number).merged == done, "which the forge tells")
        _must(not [each for each in on.poll() if each.type == events.CHANGE_MERGED], "it is no news to Fleet")


def a_branch_goes_only_where_it_is_known(make: MakeStage) -> None:
    """`delete_branch` at another head leaves it; gone already is well."""
    with _On(make) as on:
        head = on.stage.push("fleet/1-one", {"one.txt": "1\n"})
        on.stage.forge.delete_branch(on.stage.repo, "fleet/1-one", "0" * 40)
        _must("fleet/1-one" in on.stage.branches(), "at another head it stays")
        for _ in range(2):
            on.stage.forge.delete_branch(on.stage.repo, "fleet/1-one", head)
        _must("fleet/1-one" not in on.stage.branches(), "at that head it goes, once or twice")


def a_release_is_made_once(make: MakeStage) -> None:
    """The same tag again is the same release."""
    with _On(make) as on:
        head = on.stage.push("fleet/1-one", {"one.txt": "1\n"})
        made = {
            on.stage.forge.release(on.stage.repo, tag="v1", commit=head, notes=notes) for notes in ("a", "b")
        }
        _must(len(made) == 1 and "" not in made, f"one release for a tag ({made})")


def during_a_pause_nothing_is_sent(make: MakeStage) -> None:
    """When the limit is reached every verb says when to come back, and asks nobody."""
    with _On(make) as on:
        number = on.stage.open_issue(on.stage.member, "One", "")
        on.poll()
        on.stage.exhaust(600)
        on.stage.open_issue(on.stage.member, "Two", "")
        verbs: list[Callable[[], object]] = [
            lambda: on.stage.forge.poll(on.stage.repo, on.cursor),
            lambda: on.stage.forge.show(on.stage.repo, number, Look(labels=(WORKING,))),
            lambda: on.stage.forge.close(on.stage.repo, number, reason="completed"),
            lambda: on.stage.forge.delete_branch(on.stage.repo, "x", "0" * 40),
        ]
        _pauses(verbs[0])  # one request may find out
        asked = on.stage.asked()
        for verb in verbs:
            _pauses(verb)
        _must(on.stage.asked() == asked, "during a pause nothing is sent")
        _must(on.stage.forge.quota().paused_until > 0, "quota tells the pause")
        on.stage.pass_time(700)
        _must(len(on.poll()) == 1, "after it, what was missed is told")


LAWS: tuple[Law, ...] = (
    the_first_poll_tells_what_is_open,
    each_fact_has_one_id,
    a_label_counts_by_who_set_it,
    a_command_is_told_with_who_gave_it,
    fleets_own_doings_are_no_facts,
    one_pull_request_for_a_branch,
    a_look_is_made_true_and_left_alone,
    a_mark_in_a_text_is_only_text,
    a_review_is_posted_once,
    a_persons_review_is_of_a_head,
    exactly_that_head_is_merged,
    a_branch_goes_only_where_it_is_known,
    a_release_is_made_once,
    during_a_pause_nothing_is_sent,
)


class _On:
    """A stage for one law, closed after it; polls go on from their cursor."""

    def __init__(self, make: MakeStage) -> None:
        self.stage = make()
        self.cursor: Mapping[str, Any] = {}

    def __enter__(self) -> _On:
        return self

    def __exit__(self, *_: object) -> None:
        self.stage.close()

    def poll(self) -> tuple[Event, ...]:
        """What is new."""
        polled: Polled = self.stage.forge.poll(self.stage.repo, self.cursor)
        self.cursor = polled.cursor
        _must(polled.next_ms > 0, "a poll says when to ask again")
        return polled.facts

    def pull(self) -> PullRequest:
        """Fleet's pull request from a branch of its own."""
        self.stage.push("fleet/1-one", {"one.txt": "1\n"})
        return self.stage.forge.open_pull_request(
            self.stage.repo, branch="fleet/1-one", base="main", title="One", body="What was done."
        )

    @staticmethod
    def one(facts: Sequence[Event], kind: str) -> Mapping[str, Any]:
        """The data of the only fact of that kind."""
        found = [event.data for event in facts if event.type == kind]
        _must(len(found) == 1, f"there is one {kind} ({[event.type for event in facts]})")
        return found[0]


def _pauses(verb: Callable[[], object]) -> None:
    try:
        verb()
    except Temporary as error:
        _must(error.delay_ms > 0, "a pause says how long")
    else:
        raise AssertionError("at the limit every verb raises Temporary")


def _must(holds: bool, promise: str) -> None:
    if not holds:
        raise AssertionError(promise)
