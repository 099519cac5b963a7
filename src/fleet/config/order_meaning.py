"""What no schema can check of a job that is an action of Fleet's own: a command, and a name for its gate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleet.config import schema
from fleet.config.document import Document, Path
from fleet.config.explain import Problem, did_you_mean, problem_at
from fleet.model.gates import KINDS, RUN

_ALONE = ("merge", "release")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def order_problems(file: str, document: Document, path: Path, job: schema.Job) -> Iterator[Problem]:
    """Every mistake of its `action`, `command`, `time` and `env`."""
    if job.command is None:
        yield from _without(file, document, path, job)
        return
    kind = path[-1] if job.action in (None, RUN) else job.action
    where = path if job.action in (None, RUN) else (*path, "action")
    if kind in KINDS:
        hint = f"{kind} is an action of Fleet's own, which needs no command"
        yield problem_at(
            file, document, where, expected="another name for what is run", hint=hint, key=where == path
        )
    elif not _NAME.fullmatch(str(kind)):
        expected = "run, or a name of a-z, 0-9 and - for its gate, such as deploy"
        yield problem_at(file, document, where, expected=expected)
    for at, name in enumerate(job.env):
        if not _VARIABLE.fullmatch(name):
            hint = "its value is the watcher's own" if "=" in name else ""
            yield problem_at(file, document, (*path, "env", at), expected="the name of a variable", hint=hint)


def _without(file: str, document: Document, path: Path, job: schema.Job) -> Iterator[Problem]:
    if job.action is not None and job.action not in _ALONE:
        hint = did_you_mean(job.action, _ALONE) or "a name of your own needs a command: beside it"
        yield problem_at(
            file, document, (*path, "action"), expected="merge or release, or a command", hint=hint
        )
        return
    for key in ("time", "env"):
        if key in job.model_fields_set:
            hint = f"{key} is for a job with a command"
            yield problem_at(file, document, (*path, key), expected=f"no {key} in any other job", hint=hint)
