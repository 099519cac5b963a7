"""Write rules that a person wants in fleet.yaml to a branch, as a commit of Fleet's own in their name."""

from __future__ import annotations

import asyncio

from fleet.engine.effects.merge import FLEET
from fleet.engine.parts import Ground, Parts
from fleet.model import events
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.model.proposal import Proposal
from fleet.model.state import State, Wish
from fleet.policy.fact import fact
from fleet.policy.workflow import base_branch

_MOST = 256 * 1024


async def write(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The commit and its branch; on a forge the pull request too. What is there already is found again."""
    proposal = state.proposals[str(wish.args["proposal"])]

    def work() -> dict[str, str]:
        repo, ground, base, text = _found(parts)
        amended = parts.amend(text, proposal.agent, proposal.where, proposal.rules)
        branch = f"fleet/rules-{proposal.id}"
        head = ground.repository.write(
            branch,
            base=base,
            path=parts.config,
            data=amended,
            message=_message(proposal),
            author=FLEET,
            when_ms=proposal.asked,
        )
        ref = _published(parts, repo, ground, branch, head, proposal)
        return {"repo": repo, "ref": ref, "branch": branch, "base": base_branch(parts.fleet, repo)} | {
            "head": head
        }

    written = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    data = {"proposal": proposal.id, **written}
    return [fact(events.RULES_WRITTEN, data, cause=wish.cause)]


def _found(parts: Parts) -> tuple[str, Ground, str, bytes]:
    """The repository that has fleet.yaml, its base commit, and the file as it is there."""
    for repo, ground in parts.grounds.items():
        base = ground.base_sha()
        text = ground.repository.read(base, parts.config, limit=_MOST + 1)
        if text is not None:
            return repo, ground, base, text
    branches = ", ".join(dict.fromkeys(base_branch(parts.fleet, repo) for repo in parts.grounds))
    raise Permanent(
        f"{parts.config} is not on {branches}",
        why="so no pull request can change it",
        do="Commit it there, or write the rules into it yourself.",
    )


def _message(proposal: Proposal) -> str:
    return f"{proposal.title}\n\nFleet-Approval: {proposal.id}\nFleet-Asked-by: {proposal.actor}\n"


def _published(parts: Parts, repo: str, ground: Ground, branch: str, head: str, proposal: Proposal) -> str:
    """What the forge calls its pull request; "" in the local one."""
    if ground.mirror is None or parts.forge is None:
        return ""
    if not any(ground.mirror.push(branch, head, expected=each) for each in (None, head)):
        raise Permanent(f"{branch} can't be pushed", why="it is there already, at another commit")
    made = parts.forge.open_pull_request(
        repo,
        branch=branch,
        base=base_branch(parts.fleet, repo),
        title=proposal.title,
        body=_message(proposal),
    )
    return f"{repo}#{made.number}"
