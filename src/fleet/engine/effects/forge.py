"""What is done on a forge: a run's commits become a pull request, and the forge shows what is true."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Literal

from fleet.engine.effects.asked import still_open
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State, Wish
from fleet.policy.fact import fact
from fleet.policy.outcome import delivered
from fleet.policy.passage import to_publish
from fleet.policy.remarks import remarks_in
from fleet.policy.show import STATUS, brief_of, digest_of, look, objector
from fleet.policy.workflow import base_branch
from fleet.ports.forge import Forge, LineComment, Look


async def publish(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """Push a run's branch and open its pull request (or find it); then the run's change is there."""
    forge = _forge(parts)
    run = state.runs[wish.args["run"]]
    item, instance = state.items[run.item], state.instances[run.instance]
    if instance.outcome or instance.jobs[run.job].runs[-1] != run.id:
        return []
    mirror = parts.ground(item.repo).mirror
    if mirror is None:
        raise Permanent(f"{item.repo} has no mirror", do="Restart the watcher.")
    head, known = str(run.collected["head"]), state.changes.get(instance.change)
    if known is not None and not known.open:
        return []
    kinds, asked = to_publish(parts.fleet, state, run)
    still_open(parts, state, wish, kinds, asked, run=run.id)
    # Where the branch may be: as the run found it. Before there is a change, as an attempt may have left it.
    earlier = [state.runs[name].collected.get("head") for name in instance.jobs[run.job].runs]
    expected = [run.head] if known is not None else [None, *(str(each) for each in earlier if each)]

    def work() -> str:
        if not any(mirror.push(run.branch, head, expected=each) for each in expected):
            raise Permanent(
                f"{run.branch} can't be pushed",
                why="somebody else has pushed to it",
                do="Look at the branch; delete or rename it, then: fleet retry",
            )
        if known is not None:
            forge.pushed(item.repo, _number(known.ref), head)
            return known.ref
        text = f"{run.text.strip()}\n\nFor {item.ref}.\n" if item.ref else run.text
        base = base_branch(parts.fleet, item.repo)
        made = forge.open_pull_request(item.repo, branch=run.branch, base=base, title=item.title, body=text)
        return f"{item.repo}#{made.number}"

    ref = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    return delivered(parts.fleet, state, run, 0, ref)


async def show(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """Make the forge show an item and its pull request as they are now, and say what it shows."""
    forge = _forge(parts)
    item = state.items[int(wish.args["item"])]
    found = look(parts.fleet, state, item.id)
    mine = [each for each in state.instances.values() if each.item == item.id]
    change = state.changes.get(mine[-1].change) if mine else None
    work = partial(
        _show, parts.fleet, forge, item.repo, item.ref, change.ref if change is not None else "", found
    )
    final = not mine or bool(mine[-1].outcome)
    await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    return [_shown(item.id, digest_of(found), wish.cause, final=final, brief=brief_of(found))]


def shown(state: State, wish: Wish, *, error: str) -> Event:
    """What is said of a look that the forge does not take: it counts as shown, with the forge's words."""
    number = int(wish.args["item"])
    final = not any(state.instances[name].item == number for name in state.active)
    return _shown(number, str(wish.args["digest"]), wish.cause, final=final, error=error)


async def answer(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """Tell a person where nothing else is shown what became of a command: in one comment, however often."""
    del state
    forge, args = _forge(parts), wish.args
    look = Look(comments={"answer": str(args["text"])})
    work = partial(forge.show, str(args["repo"]), _number(str(args["ref"])), look)
    await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    return []


async def post(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """Post what an agent said of a change, for the head that it was said of."""
    forge = _forge(parts)
    change = state.changes[int(wish.args["change"])]
    review = next((each for each in change.reviews if each["run"] == wish.args["run"]), None)
    if review is None or not change.ref:
        return []
    still_open(parts, state, wish, ("review",), change, run=str(review["run"]))
    text, placed = remarks_in(str(review["text"]))
    agent = parts.fleet.agent(str(review["by"]).removeprefix("agent/"))
    verdict: Literal["approve", "request-changes", "comment"] = (
        "approve" if review["verdict"] == "approve" else "request-changes"
    )
    objects = objector(parts.fleet, change, review)
    if objects:  # the forge counts the last word of a login alone: this must not take back that one
        verdict = "comment"
        text += f"\n\nIt is a comment only: {objects} speaks by the same login, and requests changes."
    work = partial(
        forge.review,
        change.repo,
        int(change.ref.rpartition("#")[2]),
        head=str(review["head"]),
        mark=str(review["run"]),
        verdict=verdict,
        text=f"**{review['by']}** (run {review['run']}): {review['verdict']}\n\n{text}".strip(),
        comments=[LineComment(each.path, each.line, each.text) for each in placed],
        login=agent.login if agent is not None else "",
    )
    posted = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    data = {"change": change.id, "head": review["head"], "run": review["run"], "login": posted.login}
    data |= {"counted": posted.counted, "reason": posted.reason}
    return [fact(events.CHANGE_REVIEW_POSTED, data, cause=wish.cause, story=change.instance)]


def _shown(item: int, digest: str, cause: str, *, final: bool, error: str = "", brief: str = "") -> Event:
    data = {
        "item": item,
        "digest": digest,
        "brief": brief,
        "final": final,
        **({"error": error} if error else {}),
    }
    return fact(events.FORGE_SHOWN, data, cause=cause)


def _show(fleet: Fleet, forge: Forge, repo: str, item: str, change: str, found: dict[str, Any]) -> None:
    del fleet
    labels = (str(found["label"]),) if found["label"] else ()
    if item:
        comments = {"status": str(found["comment"])} if found["comment"] else {}
        forge.show(repo, _number(item), Look(labels=labels, comments=comments))
    if change and "body" in found:
        forge.show(repo, _number(change), Look(labels=labels, body=found["body"]))
        status = found["status"]
        forge.status(repo, status["head"], name=STATUS, state=status["state"], text=status["text"])
        if found["rejected"]:
            forge.close(repo, _number(change), reason=str(found["rejected"]))
    if item and "closed" in found:
        forge.close(repo, _number(item), reason="completed")


def _number(ref: str) -> int:
    return int(ref.rpartition("#")[2])


def _forge(parts: Parts) -> Forge:
    if parts.forge is None:
        raise Permanent("There is no forge", why="fleet.yaml says forge: local now")
    return parts.forge
