"""What of the repository under work Claude Code obeys: what it is told there, and nothing that runs.

Settings of a repository start programs that no rule ever sees (hooks, helpers, MCP servers) and set variables
for the hook that asks Fleet. One agent could write them for the next, the one that reviews it, say. So they
are left out as a whole, with the skills and agents beside them. `CLAUDE.md` would go with them; naming the
workspace as one more folder brings it back.
"""

from __future__ import annotations

from fleet.adapters.harnesses.options import only_known
from fleet.model.errors import UsageError
from fleet.ports.harness import Launch

_OPTION = "project_settings"


def obeyed(launch: Launch) -> tuple[tuple[str, ...], dict[str, str]]:
    """Arguments and variables. Raises `UsageError` for options that there are none of."""
    only_known(launch.options, (_OPTION,))
    word = launch.options.get(_OPTION, "ignore")
    if word not in ("ignore", "obey"):
        raise UsageError(
            f"An agent's option {_OPTION} is {word!r}",
            do="In fleet.yaml it may be ignore (the default) or obey.",
        )
    if word == "obey" and launch.hook:
        raise UsageError(
            "An agent with permissions can't obey settings of the repository",
            why="they run programs that nobody is asked about",
            do=f"In fleet.yaml leave out its option {_OPTION}, or its permissions.",
        )
    if word == "obey":
        return (), {}
    told = {"CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1"}
    return ("--setting-sources=user", f"--add-dir={launch.workspace}"), told
