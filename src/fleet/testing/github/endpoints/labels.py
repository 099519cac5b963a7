"""The labels of a repository and of its issues."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.pages import page
from fleet.testing.github.records import Issue, Label
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import label as shape
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing

routes = Routes()


@routes.on("GET", "/labels")
def list_labels(ask: Ask) -> Answer:
    """The labels of the repository, by name."""
    return page(
        ask, sorted(ask.repo.labels.values(), key=lambda one: one.name.lower()), lambda o: shape(ask, o)
    )


@routes.on("POST", "/labels", "write", hidden=True)
def make_label(ask: Ask) -> Answer:
    """A new label."""
    name = ask.needed("name", "Label")
    if name.lower() in ask.repo.labels:
        raise invalid("Label", "name", "already_exists")
    made = _make(ask, name, _color(ask, "ededed"), ask.body.get("description"))
    return Answer(shape(ask, made), 201)


@routes.on("GET", "/labels/{label}")
def one_label(ask: Ask) -> Answer:
    """A label by its name."""
    return Answer(shape(ask, _named(ask)))


@routes.on("PATCH", "/labels/{label}", "write", hidden=True)
def change_label(ask: Ask) -> Answer:
    """Another name, color or description."""
    one = _named(ask)
    name = str(ask.body.get("new_name") or one.name)
    if name.lower() != one.name.lower() and name.lower() in ask.repo.labels:
        raise invalid("Label", "name", "already_exists")
    del ask.repo.labels[one.name.lower()]
    one.name, one.color = name, _color(ask, one.color)
    one.description = ask.body.get("description", one.description)
    ask.repo.labels[name.lower()] = one
    return Answer(shape(ask, one))


@routes.on("DELETE", "/labels/{label}", "write", hidden=True)
def drop_label(ask: Ask) -> Answer:
    """No such label any more, on no issue."""
    one = _named(ask)
    del ask.repo.labels[one.name.lower()]
    for issue in ask.repo.issues.values():
        if one in issue.labels:
            issue.labels.remove(one)
    return Answer(status=204)


@routes.on("GET", "/issues/{number:int}/labels")
def labels_of(ask: Ask) -> Answer:
    """The labels of an issue."""
    return page(ask, ask.issue().labels, lambda one: shape(ask, one))


@routes.on("POST", "/issues/{number:int}/labels", "triage")
def label_issue(ask: Ask) -> Answer:
    """Add labels; those that the repository does not have are made."""
    one = ask.issue()
    add_labels(ask, one, wanted_labels(ask))
    return Answer([shape(ask, label) for label in one.labels])


@routes.on("PUT", "/issues/{number:int}/labels", "triage")
def set_labels(ask: Ask) -> Answer:
    """These labels and no others."""
    one = ask.issue()
    add_labels(ask, one, wanted_labels(ask), only=True)
    return Answer([shape(ask, label) for label in one.labels])


@routes.on("DELETE", "/issues/{number:int}/labels", "triage")
def unlabel_all(ask: Ask) -> Answer:
    """No labels."""
    add_labels(ask, ask.issue(), [], only=True)
    return Answer(status=204)


@routes.on("DELETE", "/issues/{number:int}/labels/{label}", "triage")
def unlabel(ask: Ask) -> Answer:
    """Take a label off."""
    one, name = ask.issue(), ask.args["label"].lower()
    if name not in [label.name.lower() for label in one.labels]:
        raise Refusal(404, "Label does not exist")
    add_labels(ask, one, [label.name for label in one.labels if label.name.lower() != name], only=True)
    return Answer([shape(ask, label) for label in one.labels])


def wanted_labels(ask: Ask) -> list[str]:
    """The names of labels in a request: texts or documents, in a list or in one that is named `labels`."""
    given: Any = ask.body.get("labels") or []
    if not isinstance(given, list):
        raise Refusal(422, f'Invalid request.\n\nFor "labels", {given!r} is not an array.')
    names = [one.get("name") if isinstance(one, dict) else one for one in given]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise invalid("Label", "name")
    return [name for name in names if isinstance(name, str)]


def add_labels(ask: Ask, one: Issue, names: list[str], *, only: bool = False) -> None:
    """Put labels on an issue, each with an entry in its history that says who did it."""
    kind = "PullRequestEvent" if one.pull else "IssuesEvent"
    wanted = [ask.repo.labels.get(name.lower()) or _make(ask, name) for name in names]
    changes = [(label, "unlabeled") for label in one.labels if only and label not in wanted]
    changes += [(label, "labeled") for label in wanted]
    for label, event in changes:
        if event == "unlabeled":
            one.labels.remove(label)
        elif label in one.labels:
            continue
        else:
            one.labels.append(label)
        shown = {"name": label.name, "color": label.color}
        ask.site.happen(ask.repo, one, event, ask.login, label=shown)
        ask.site.tell(ask.repo, kind, ask.login, event, one.number, more={"label": shape(ask, label)})


def _make(ask: Ask, name: str, color: str = "ededed", description: str | None = None) -> Label:
    made = ask.repo.labels[name.lower()] = Label(ask.site.new_id(), name, color, description)
    return made


def _named(ask: Ask) -> Label:
    one = ask.repo.labels.get(ask.args["label"].lower())
    if one is None:
        raise missing()
    return one


def _color(ask: Ask, otherwise: str) -> str:
    color = ask.body.get("color", otherwise)
    if not isinstance(color, str) or len(color) != 6 or any(c not in "0123456789abcdefABCDEF" for c in color):
        raise invalid("Label", "color")
    return color.lower()
