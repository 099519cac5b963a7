"""One item: its way through its workflows as a drawing, the gate, what was said; comment and label."""

from __future__ import annotations

from fleet.model.fleet import Fleet
from fleet.model.state import Instance, Item, JobRecord
from fleet.policy.workflow import workflow_of
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.chain import why_chain
from fleet.surfaces.web.draw.forms import button, field, form
from fleet.surfaces.web.draw.gates import gate_list
from fleet.surfaces.web.draw.graph import Node, graph
from fleet.surfaces.web.draw.parts import Tone, badge, change_link, facts, prose, risk_badge, section, words
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import ago_since, at
from fleet.surfaces.web.html import NOTHING, Child, Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.surfaces.web.pages.runs import run_rows
from fleet.views.changes import change_row
from fleet.views.events import headline
from fleet.views.items import standing_of_item

_TONES: dict[str, Tone] = {
    "waiting": "quiet",
    "active": "busy",
    "rejected": "warn",
    "landing": "busy",
    "stuck": "bad",
    "done": "good",
}
_WORDS = {
    "active": "at work",
    "rejected": "asked for changes",
    "landing": "lands",
    "stuck": "waits for a person",
}

_GATE = "merge gate"


async def item(look: Look) -> Page:
    """The page `/items/N`."""
    number = look.words["item"]
    found = look.state.items.get(int(number)) if number.isdigit() and len(number) < 10 else None
    if found is None:
        raise Missing(f"There is no issue {number}")
    canvas = Canvas()
    standing = standing_of_item(look.fleet, look.state, found, look.now, watched=look.watched)
    instances = [each for each in look.state.instances.values() if each.item == found.id]
    runs = [run for run in look.state.runs.values() if run.item == found.id]
    main = tag(
        "div",
        heading(
            [found.title, " ", tag("span", f"#{found.id}", class_="dim")],
            canvas.live("state", "div", badge(standing.state), " ", standing.reason),
        ),
        canvas.live(
            "way",
            "div",
            [_way(look, each) for each in reversed(instances)]
            or tag("p", standing.reason, class_="panel dim"),
        ),
        tag(
            "div",
            tag(
                "div",
                section(found.kind.capitalize(), prose(found.body) or tag("p", "No text.", class_="dim")),
                section(
                    "Comments", canvas.live("comments", "div", _comments(found)), _comment_form(look, found)
                ),
                section("Why it stands so", canvas.live("why", "div", why_chain(look.why(str(found.id))))),
                section("What happened", canvas.live("story", "div", _story(look, found, instances))),
                class_="wide",
            ),
            tag(
                "div",
                section("About", canvas.live("facts", "div", _facts(found)), _label_form(look, found)),
                section(
                    "Runs",
                    canvas.many("runs", "ul", run_rows(look, reversed(runs), title=False), class_="list"),
                ),
                class_="side",
            ),
            class_="columns",
        ),
    )
    about = (
        {f"item/{found.id}"}
        | {f"instance/{each.id}" for each in instances}
        | {f"change/{each.change}" for each in instances}
    )
    return Page(f"#{found.id} {found.title}", "overview", main, canvas, ALWAYS | about)


def _way(look: Look, instance: Instance) -> Html:
    change = look.state.changes.get(instance.change)
    gate = change_row(look.fleet, look.state, change) if change is not None else None
    nodes = _nodes(look.fleet, instance, gate)
    name = instance.workflow or instance.agent
    told = "; ".join(f"{node.name}: {node.state}" for node in nodes)
    state = badge(instance.outcome) if instance.outcome else badge("working")
    return section(
        f"Workflow {name}",
        tag(
            "p",
            words(
                state,
                instance.id,
                f"round {instance.round}",
                change_link(instance.change) if instance.change else None,
                instance.reason,
            ),
            class_="dim",
        ),
        graph(nodes, f"{name}: {told}"),
        gate_list(gate["gate"]) if gate and change is not None and change.open else NOTHING,
        tag("p", risk_badge(change.risk.get("score"))) if change is not None and change.open else None,
        class_="way",
    )


def _nodes(fleet: Fleet, instance: Instance, gate: dict[str, object] | None) -> list[Node]:
    """The jobs; and the gate, before the job that is the merge itself, or behind all of them."""
    workflow = workflow_of(fleet, instance)
    needs = {job.name: job.needs for job in workflow.jobs} if workflow is not None else {}
    merging = [job.name for job in workflow.jobs if job.action == "merge"] if workflow is not None else []
    nodes = []
    for name, record in instance.jobs.items():
        wanted = tuple(needs.get(name, ()))
        if gate is not None and name in merging[:1]:
            nodes.append(_gate_node(wanted, gate))
            wanted = (_GATE,)
        nodes.append(_job_node(name, wanted, record))
    if gate is not None and not merging:
        needed = {need for wanted in needs.values() for need in wanted}
        nodes.append(_gate_node(tuple(name for name in instance.jobs if name not in needed), gate))
    return nodes


def _gate_node(needs: tuple[str, ...], gate: dict[str, object]) -> Node:
    standing = str(gate["standing"])
    required = gate["gate"] if isinstance(gate["gate"], list) else []
    missing = [str(each["name"]) for each in required if not each["met"]]
    if standing in ("merged", "ready"):
        return Node(_GATE, needs, "open", "good", "merged" if standing == "merged" else "", gate=True)
    return Node(_GATE, needs, "shut", "warn", ", ".join(missing) or standing, gate=True)


def _job_node(name: str, needs: tuple[str, ...], record: JobRecord) -> Node:
    last = record.runs[-1] if record.runs else ""
    note = f"{last}, {len(record.runs)} runs" if len(record.runs) > 1 else last
    state = _WORDS.get(record.state, record.state)
    return Node(name, needs, state, _TONES[record.state], note, url("runs", last) if last else "")


def _comments(found: Item) -> Html:
    return tag(
        "div",
        [
            tag(
                "article",
                tag(
                    "p",
                    tag("strong", str(each.get("author", ""))),
                    " ",
                    ago_since(int(each.get("time", 0))),
                    class_="dim",
                ),
                prose(str(each.get("text", ""))),
                class_="comment",
            )
            for each in found.comments
        ]
        or tag("p", "No comment yet.", class_="dim"),
    )


def _comment_form(look: Look, found: Item) -> Html:
    if not look.may_operate:
        return NOTHING
    return form(
        url("items", found.id, "comment"),
        look.token,
        field("text", "Your comment; agents read it with the issue", id="comment-text", needed=True),
        button("Comment", kind="main"),
    )


def _label_form(look: Look, found: Item) -> Html:
    if not found.open or not look.may_operate:
        return NOTHING
    starting = sorted(
        {each.label for flow in look.fleet.workflows for each in flow.triggers if each.label}
        - set(found.labels)
    )
    return form(
        url("items", found.id, "label"),
        look.token,
        field(
            "label",
            "Give it a label",
            id="label-name",
            lines=1,
            needed=True,
            hint=starting[0] if starting else "",
        ),
        button("Label it"),
        class_="act line",
    )


def _facts(found: Item) -> Html:
    labels: Child = [tag("span", each, class_="label") for each in found.labels] or tag(
        "span", "none", class_="dim"
    )
    return facts(
        [
            ("state", "open" if found.open else "closed"),
            ("by", found.author),
            ("opened", at(found.opened)),
            ("labels", labels),
            ("on the forge", found.ref),
        ]
    )


def _story(look: Look, found: Item, instances: list[Instance]) -> Html:
    """The headlines about it, newest first."""
    seen = {
        event.seq: event
        for name in (f"item/{found.id}", *(f"instance/{each.id}" for each in instances))
        for event in look.projection.about(name, 200)
    }
    told = [(event, headline(event)) for _, event in sorted(seen.items(), reverse=True)]
    rows = [tag("li", at(event.time), tag("span", said), class_="told") for event, said in told if said]
    return tag("ol", rows[:40], class_="list lately")
