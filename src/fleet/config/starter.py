"""The first fleet.yaml of a project, with comments."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from fleet.config import templates
from fleet.config.survey import Survey
from fleet.model.errors import UsageError

LABEL = "fleet:ready"

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = ("true", "false", "null", "none")

# The agents of the first fleet, with what stands behind their template.
_AGENTS: Mapping[str, tuple[str, str]] = {
    "developer": (
        "change",
        """\
    slots: 2                               # so many issues at once
    budget: {per_run: {time: 45m, cost: 5}, per_day: {time: 8h, cost: 60}}   # cost in dollars
""",
    ),
    "tech-lead": ("review", "    # model: opus                          # each agent may have its own\n"),
    "qa-engineer": ("check", ""),
    "release-manager": ("merge", "    # model: haiku\n"),
}

_HEAD = """\
# The agents of this project, what they do, and what has to hold before anything is merged.
# Check it: fleet config check. Every key there is: fleet config schema.
version: 1
project: {{name: {name}, forge: {forge}, base: {base}}}

defaults:
  harness: {harness}
  budget: {{per_run: {{time: 45m}}}}         # a run that takes longer is stopped

# A template says how an agent works: fleet template show developer.
# A file of your own in .claude/agents goes by its name too.
agents:
"""

_WORKFLOW = """
workflows:
  feature:
    on: {{issue: {{labeled: "{label}"}}}}
    jobs:
      implement: {{agent: developer}}
      review: {{agent: tech-lead, needs: [implement]}}
      test: {{agent: qa-engineer, needs: [implement]}}
      merge: {{agent: release-manager, needs: [review, test]}}   # or {{action: merge, needs: …}}: no agent
    rounds: 3                              # how often a change may be sent back

"""

_CHECKS = """\
# Commands that are run on the merge result, in a fresh clone: they have to install what they need.
checks:
"""

_NO_CHECKS = """\
# Commands that are run on the merge result, in a fresh clone. No way to test this project was found:
# name yours here, and take the # away from `checks: passing` below.
# checks:
#   test: make test

"""

_GATES = """\
gates:
  merge:                                   # all of these, for exactly the commit that is merged
    - review: {{approvals: 1}}
    {off}- checks: passing
    - human: {{when: "risk.score >= 60"}}    # or always; a person answers: fleet approvals, fleet approve

quarantine: {{failures: 3}}                  # so many failed runs in a row, and an agent waits for a person

# Keep agents and checks from the rest of this machine; what lies in your home is not there then.
# sandbox: auto
"""


_AUDIT = """
# Signed checkpoints of the log, and what led to each merge, lie there too: refs/fleet/*, refs/notes/fleet.
audit: {{push: {remote}}}
"""


def starter_text(
    found: Survey, *, name: str, harness: str, repo: str = "", host: str = "", remote: str = ""
) -> str:
    """The text of a first fleet.yaml, which is right as it stands. With `repo`, it is for that on GitHub,
    which git knows here as `remote` ("" where it does not).
    """
    checks = "".join(f"  {each}: {_quoted(command)}\n" for each, command in found.checks.items())
    forge = f"github, repo: {_quoted(repo)}" if repo else "local"
    forge += f", host: {_quoted(host)}" if host else ""
    return (
        _HEAD.format(name=_quoted(name), forge=forge, base=_quoted(found.base), harness=_quoted(harness))
        + "".join(_agent(each, found.root) for each in _AGENTS)
        + _WORKFLOW.format(label=LABEL)
        + (f"{_CHECKS}{checks}\n" if checks else _NO_CHECKS)
        + _GATES.format(off="" if checks else "# ")
        + (_AUDIT.format(remote=_quoted(remote)) if repo and remote else "")
    )


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all. Raises `UsageError` where there is one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, this never replaces what is there
        except FileExistsError:
            raise UsageError(f"{path.name} is there already", why=f"at {path}") from None
        except OSError:  # a file system without links
            if path.exists():
                raise UsageError(f"{path.name} is there already", why=f"at {path}") from None
            draft.rename(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _agent(name: str, root: Path) -> str:
    """An agent's lines. Where the project's own template of that name says no duty, they do."""
    duty, rest = _AGENTS[name]
    says = templates.find(name, root).duty
    return f"  {name}:\n    template: {name}\n" + ("" if says else f"    duty: {duty}\n") + rest


def _quoted(text: str) -> str:
    """The text as YAML: as it is, or in quotes where YAML would take it for something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
