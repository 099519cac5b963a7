"""Releases and tags."""

from __future__ import annotations

from fleet.testing.github.pages import page
from fleet.testing.github.records import Release
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.commits import release as shape
from fleet.testing.github.shapes.commits import tag
from fleet.testing.github.wire import Answer, Ask, invalid, missing

routes = Routes()


@routes.on("GET", "/tags")
def tags(ask: Ask) -> Answer:
    """The tags with their commits, the last name first."""
    names = sorted(ask.repo.bare.references("refs/tags/"), reverse=True)
    return page(ask, names, lambda name: tag(ask, name, ask.repo.bare.resolve(f"refs/tags/{name}")))


@routes.on("GET", "/releases")
def list_releases(ask: Ask) -> Answer:
    """The releases, newest first; drafts for those who may push."""
    return page(ask, _seen(ask)[::-1], lambda one: shape(ask, one))


@routes.on("POST", "/releases", "write", hidden=True)
def make_release(ask: Ask) -> Answer:
    """A release. Its tag is made at the target when there is none."""
    name, body, site = ask.needed("tag_name", "Release"), ask.body, ask.site
    if any(one.tag == name and not one.draft for one in ask.repo.releases.values()):
        raise invalid("Release", "tag_name", "already_exists")
    target, draft = str(body.get("target_commitish") or ask.repo.default), bool(body.get("draft"))
    now = site.now()
    made = Release(site.new_id(), name, target, body.get("name"), body.get("body"), ask.login, now, 0, draft)
    made.prerelease = bool(body.get("prerelease"))
    if body.get("generate_release_notes"):
        made.name, made.body = made.name or name, _notes(ask, made.body or "")
    if not draft:
        _publish(ask, made)
    ask.repo.releases[made.id] = made
    shown = shape(ask, made)
    return Answer(shown, 201, {"Location": shown["url"]})


@routes.on("GET", "/releases/latest")
def latest(ask: Ask) -> Answer:
    """The last release that is neither draft nor prerelease."""
    for one in reversed(_seen(ask)):
        if not one.draft and not one.prerelease:
            return Answer(shape(ask, one))
    raise missing()


@routes.on("GET", "/releases/tags/{tag*}")
def by_tag(ask: Ask) -> Answer:
    """The release of a tag."""
    for one in reversed(_seen(ask)):
        if one.tag == ask.args["tag"] and not one.draft:
            return Answer(shape(ask, one))
    raise missing()


@routes.on("GET", "/releases/{id:int}")
def one_release(ask: Ask) -> Answer:
    """A release."""
    return Answer(shape(ask, _named(ask)))


@routes.on("PATCH", "/releases/{id:int}", "write", hidden=True)
def change_release(ask: Ask) -> Answer:
    """Another name or text; publish a draft."""
    one, body = _named(ask), ask.body
    one.name, one.body = body.get("name", one.name), body.get("body", one.body)
    one.prerelease = bool(body.get("prerelease", one.prerelease))
    if one.draft and body.get("draft") is False:
        one.draft = False
        _publish(ask, one)
    return Answer(shape(ask, one))


@routes.on("DELETE", "/releases/{id:int}", "write", hidden=True)
def drop_release(ask: Ask) -> Answer:
    """No such release any more; its tag stays."""
    del ask.repo.releases[_named(ask).id]
    return Answer(status=204)


def _seen(ask: Ask) -> list[Release]:
    return [one for one in ask.repo.releases.values() if not one.draft or ask.may("write")]


def _named(ask: Ask) -> Release:
    for one in _seen(ask):
        if one.id == ask.number("id"):
            return one
    raise missing()


def _publish(ask: Ask, one: Release) -> None:
    bare, name = ask.repo.bare, f"refs/tags/{one.tag}"
    if not bare.reference(name):
        sha = bare.resolve(one.target)
        if not sha:
            raise invalid("Release", "target_commitish")
        bare.set_reference(name, sha)
    one.published = ask.site.now()
    ask.site.tell(ask.repo, "ReleaseEvent", ask.login, "published", of=one)


def _notes(ask: Ask, before: str) -> str:
    """What was merged, in the form of GitHub's own notes."""
    merged = [one for one in ask.repo.pulls() if one.pull and one.pull.merged]
    web = f"{ask.roots.web}/{ask.repo.full}/pull"
    lines = [f"* {one.title} by @{one.author} in {web}/{one.number}" for one in merged]
    return "\n".join([*([before, ""] if before else []), "## What's Changed", *lines])
