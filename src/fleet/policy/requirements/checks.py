"""Every check passes on the merge of exactly this head into the base as it is now."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy.land import landing
from fleet.policy.requirements.found import met, missing


def checks(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """Those of the forge too, where it has any."""
    del requirement
    running = [name for name, each in change.reports.items() if each["state"] == "pending"]
    if running:
        return missing("checks", f"the forge still runs {', '.join(sorted(running))}", "the forge")
    broken = [name for name, each in change.reports.items() if each["state"] == "failed"]
    if broken:
        reason = f"these fail on the forge: {', '.join(sorted(broken))}"
        return missing("checks", reason, change.author)
    if not fleet.checks:
        return met("checks", "fleet.yaml declares no checks")
    checked = change.checks
    if checked.get("head") != change.head or checked.get("base") != state.base_of(change.repo):
        return missing("checks", _not_of_now(state, change), "fleet")
    if checked.get("error"):
        return missing("checks", f"they could not be run: {checked['error']}", "a person")
    failed = [str(each.get("name")) for each in checked.get("results", ()) if not each.get("ok")]
    if checked.get("ok") and not failed:
        return met("checks", "all pass on the merge result")
    return missing("checks", f"these fail: {', '.join(failed)}", change.author)


def _not_of_now(state: State, change: Change) -> str:
    """Why there is no result for this head on this base: it is asked for, or will be before the merge."""
    is_landing = any(each.id == change.id for _, _, each in landing(state))
    if change.checks.get("head") == change.head and not is_landing:
        return "the base has moved on since they ran; they are run again before the merge"
    return "they are being run"
