"""The types of events that Fleet itself writes. Anybody else's type is anything that does not start so.

`data` of each type is named here, since this is the one place where a reader looks it up. A field that is
added later has a default where it is read, so old logs are read for ever.
"""

from __future__ import annotations

# The watcher and its configuration
CONFIG_LOADED = "fleet.config.loaded"  # digest, triggers: [type], schedules: [workflow]
WATCHER_STARTED = "fleet.watcher.started"  # pid, version, step, key?: what it signs with
WATCHER_STOPPED = "fleet.watcher.stopped"  # reason
CLOCK_MOVED = "fleet.clock.moved"  # ms: so far ahead went the machine's clock in one step
CLOCK_TICKED = "fleet.clock.ticked"  # (time is the event's own) something that waited for a time is due

BASE_SEEN = "fleet.base.seen"  # sha: where the base branch was when somebody looked

# Items, which are issues and tasks given by hand
ITEM_OPENED = "fleet.item.opened"  # item, title, body, labels, author, trusted, kind: issue|task
ITEM_LABELED = "fleet.item.labeled"  # item, label, actor, trusted
ITEM_UNLABELED = "fleet.item.unlabeled"  # item, label, actor
ITEM_COMMENTED = "fleet.item.commented"  # item, author, text, trusted, head?, path?, line?, review?
ITEM_CLOSED = "fleet.item.closed"  # item, reason

# Workflow instances
TRIGGER_ROUTED = "fleet.trigger.routed"  # trigger (event id), started: [instance], reason
WORKFLOW_REQUESTED = "fleet.workflow.requested"  # name (of an agent or a workflow), item, text, actor
INSTANCE_STARTED = "fleet.instance.started"  # instance, workflow, item, trigger, jobs?
INSTANCE_FINISHED = "fleet.instance.finished"  # instance, outcome: done|failed|rejected, reason
JOB_SENT_BACK = "fleet.job.sent_back"  # instance, job (that works again), resets: [job], round, text, reason
JOB_READY = "fleet.job.ready"  # instance, job, head: its change may be merged as soon as the gate opens
JOB_STUCK = "fleet.job.stuck"  # instance, job, kind, reason: it goes on when a person says so
JOB_RESUMED = "fleet.job.resumed"  # instance, job, actor, feedback (a person let it try again)
JOB_RENEWED = "fleet.job.renewed"  # instance, job, head, resets: [job], reason: somebody pushed to its branch
JOB_FINISHED = "fleet.job.finished"  # instance, job, outcome: done|rejected, head

# Runs
RUN_QUEUED = (
    "fleet.run.queued"  # run, instance, job, duty, item, attempt, round, resumes, feedback, not_before, words
)
RUN_ADMITTED = "fleet.run.admitted"  # run, agent, harness, model, change, head, workspace, branch, base, …
RUN_STARTED = "fleet.run.started"  # run, pid, at, head, base, sandbox: bwrap|none, digests
RUN_ACTED = "fleet.run.acted"  # run, action, tool?, told?, at, id, kind, call, form, polls, rests?, file? …
RUN_RETURNED = "fleet.run.returned"  # run, id, at, ok, out, said, lines, fresh: what came of a call
RUN_LOOKED = "fleet.run.looked"  # run, at, cpu_ms, io_bytes, processes, output_at, work (a digest), below_…?
RUN_NUDGED = "fleet.run.nudged"  # run, kind, reason, text: it looks stuck and is told so
RUN_WAITS = "fleet.run.waits"  # run, kind: rate limit|permission, reason, at, until: it waits by itself
RUN_SPENT = "fleet.run.spent"  # run, cost_micros (null: not told yet), tokens, turns: totals of the run
RUN_CONVERSED = "fleet.run.conversed"  # run, conversation, model, version
RUN_REPORTED = "fleet.run.reported"  # run, verdict: done|approve|request-changes|ask, text
RUN_SAID = "fleet.run.said"  # run, text, actor: words for the agent
RUN_STOP_ASKED = (
    "fleet.run.stop_asked"  # run, reason, actor, kind: person|takeover|over_budget|quarantine|not_wanted
)
RUN_TAKEN_OVER = "fleet.run.taken_over"  # run, actor, program: a person goes on by hand
RUN_HANDED_BACK = "fleet.run.handed_back"  # run, actor, note, commits, uncommitted: what the person left
RUN_EXITED = "fleet.run.exited"  # run, reason, code, signal, error, finish, text, transcript: {sha256, …}
RUN_COLLECTED = "fleet.run.collected"  # run, head, commits, dirty: what the workspace held at the end
RUN_ENDED = "fleet.run.ended"  # run, outcome: succeeded|failed|stopped|timed_out|over_budget, reason
RUN_CANCELLED = "fleet.run.cancelled"  # run, reason: it was queued and is not wanted any more

# Changes (pull requests)
CHANGE_OPENED = "fleet.change.opened"  # change, item, instance, branch, base, head, author, title, body
CHANGE_UPDATED = "fleet.change.updated"  # change, head, run
CHANGE_REVIEWED = "fleet.change.reviewed"  # change, head, verdict, by, text, run
CHANGE_ANSWERED = "fleet.change.answered"  # change, head, by, text, run: reviewers asked, it stays as it is
CHANGE_CHECKED = (
    "fleet.change.checked"  # change, head, base, ok, results: [{name, ok, output, ms}], sandbox, error?
)
CHANGE_ASSESSED = "fleet.change.assessed"  # change, head, score, factors: [{name, points, reason}]
CHANGE_INSPECTED = (
    "fleet.change.inspected"  # change, head, base, guarded: [{path, what}], owners?: [{owners, …}], secrets?
)
CHANGE_MERGED = "fleet.change.merged"  # change, head, sha, base, actor? (a person, on the forge)
CHANGE_HELD = "fleet.change.held"  # change, head, kind, reason, paths: a merge that waits (dirty tree …)
CHANGE_CLOSED = "fleet.change.closed"  # change, reason

# The audit
CHANGE_ATTESTED = (
    "fleet.change.attested"  # change, commit, repo, digest, key, envelope (DSSE), error?: how it came to be
)
AUDIT_REDACTED = "fleet.audit.redacted"  # seq, hash, was, left, actor, reason: a record's data was taken away
AUDIT_PUSHED = "fleet.audit.pushed"  # remote, error: checkpoints do not get there; "": they do again
RUN_REDACTED = "fleet.run.redacted"  # run, files: [{name, sha256, bytes}], actor, reason: they are gone

# People
APPROVAL_ASKED = "fleet.approval.asked"  # approval, kind, change, head, instance, job, run, why
APPROVAL_GIVEN = "fleet.approval.given"  # approval, actor, note, as_done? (of a command that was cut off)
APPROVAL_REFUSED = "fleet.approval.refused"  # approval, actor, note, send_back
APPROVAL_SETTLED = "fleet.approval.settled"  # approval, reason: what followed from the answer, or it lapsed
APPROVAL_REMINDED = "fleet.approval.reminded"  # approval, change, head, why, to: [login], waited_ms
APPROVAL_ESCALATED = "fleet.approval.escalated"  # approval, change, head, why, to: [login], waited_ms
ACCESS_GRANTED = "fleet.access.granted"  # name, role, digest (of the token), expires (ms), actor
ACCESS_REVOKED = "fleet.access.revoked"  # name, actor
LINK_MADE = "fleet.link.made"  # approval, head, name (who may answer), digest, expires (ms), actor
AGENT_QUARANTINED = "fleet.agent.quarantined"  # agent, rule, reason, actor
AGENT_RELEASED = "fleet.agent.released"  # agent, reason, actor
AGENT_DENIED = "fleet.agent.denied"  # run, agent, action, reason, kind?
PEOPLE_TOLD = "fleet.people.told"  # channel, about: an approval, quarantine-NAME or digest, at, error?
TOOL_ASKED = (
    "fleet.tool.asked"  # run, agent, call, tool, about, rule, until, offer?: {where, rules}: it waits
)
TOOL_DECIDED = "fleet.tool.decided"  # run, agent, call, tool, about, permit: allow|deny, rule, why, by
TOOL_FINISHED = "fleet.tool.finished"  # run, agent, call, tool, ok, ms
RULES_PROPOSED = "fleet.rules.proposed"  # proposal, agent, where: allow|always, rules, approval, run, actor
RULES_WRITTEN = "fleet.rules.written"  # proposal, repo, ref, branch, base, head: as a commit on a branch
RULES_REFUSED = "fleet.rules.refused"  # proposal, reason: they could not be written
CHANGE_QUARANTINED = "fleet.change.quarantined"  # change, head, reason, actor
CHANGE_RELEASED = "fleet.change.released"  # change, head, reason, actor
GATEWAY_REFUSED = "fleet.gateway.refused"  # claimed (run whose process asked, "": not known), agent, reason
GATE_EVALUATED = "fleet.gate.evaluated"  # change, head, requirements: [{name, met, reason}]

PASSAGE_EVALUATED = (
    "fleet.passage.evaluated"  # passage, kinds, change, run, head, instance, requirements, open, reason
)

# Forges other than Fleet's own log. Their facts also have ref ("acme/shop#12"), repo and at (the forge's ms)
ITEM_EDITED = "fleet.item.edited"  # item, title, body
ITEM_ASSIGNED = "fleet.item.assigned"  # item, assignee, actor, trusted
ITEM_REOPENED = "fleet.item.reopened"  # item, actor, trusted
CHANGE_LABELED = "fleet.change.labeled"  # change, label, actor, trusted
CHANGE_UNLABELED = "fleet.change.unlabeled"  # change, label, actor, trusted
CHANGE_HEAD_SEEN = (
    "fleet.change.head_seen"  # change, head, was: where the forge has the branch, whoever pushed
)
CHANGE_REVIEW_POSTED = "fleet.change.review_posted"  # change, head, run, login, counted, reason
CHANGE_REVIEW_DISMISSED = "fleet.change.review_dismissed"  # change, head, by, actor, trusted, text
CHANGE_REOPENED = "fleet.change.reopened"  # change, actor, trusted
CHANGE_REPORTED = (
    "fleet.change.reported"  # change, ref, head, name, state: pending|passed|failed, output, url
)
CHANGE_GUARDED = (
    "fleet.change.guarded"  # change, head, checks: [name], approvals, expected (checks will begin)
)
ORDER_STOP_ASKED = "fleet.order.stop_asked"  # instance, job, action, change, session, reason, actor
ORDER_TAKEN_AS_DONE = (
    "fleet.order.taken_as_done"  # instance, job, action, change, repo, commit, approval, actor, reason
)
ORDER_ENDED = (
    "fleet.order.ended"  # instance, job, action, change, repo, commit, session, ok, how, output, ms, sandbox
)
RELEASE_MADE = "fleet.release.made"  # instance, job, change, repo, tag, commit, url ("" locally)
FORGE_COMMANDED = "fleet.forge.commanded"  # ref, item, command, args, actor, trusted, head
FORGE_COMMAND_SETTLED = "fleet.forge.command_settled"  # command (event id), reason, refused?
FORGE_SHOWN = "fleet.forge.shown"  # item, digest, final: how the forge shows it now
FORGE_POLLED = "fleet.forge.polled"  # repo, reason: only when the forge could not be asked

BUDGET_WARNED = "fleet.budget.warned"  # scope, words, figure: time|cost|tokens, percent, used, limit
WORKSPACES_CLEANED = "fleet.workspaces.cleaned"  # names, bytes, reason
WORKSPACES_MEASURED = (
    "fleet.workspaces.measured"  # bytes, limit, over: when the ceiling is passed, or held again
)

# Effects: the wish is in the log before the deed, with its key; every outcome is an event too
EFFECT_WANTED = "fleet.effect.wanted"  # key, kind, args
EFFECT_DONE = "fleet.effect.done"  # key
EFFECT_FAILED = "fleet.effect.failed"  # key, error, permanent, withdrawn?, attempt, retry_at
