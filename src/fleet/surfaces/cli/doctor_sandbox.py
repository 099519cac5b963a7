"""What `fleet doctor` says of the sandbox: whether there is one, and what goes without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fleet.surfaces.cli.doctor_tools import Finding, Tool, look_for

if TYPE_CHECKING:
    from fleet.model.fleet import Fleet

_OPEN = "agents can read and write what you can, .fleet/seal.key too"
_ELSE = f"until then {_OPEN}"
_GET = f"apt-get install bubblewrap (or your system's way); {_ELSE}"
_ALLOW = f"the kernel, or the container, has to allow namespaces; {_ELSE}"


def look_at_sandbox(fleet: Fleet | None, path: str) -> Finding:
    """Whether bubblewrap works here: one is made and left again."""
    from fleet.wiring import open_sandbox

    uses: list[str] = ["auto"]
    if fleet is not None:
        uses = [fleet.sandbox.use, *(agent.sandbox.use for agent in fleet.agents)]
    tool = Tool("bwrap", ("--version",), _purpose(uses), _GET, required="required" in uses)
    found = look_for(tool, path)
    if not found.ok:
        return found
    with TemporaryDirectory(prefix="fleet-doctor-") as folder:
        problem = open_sandbox(Path(folder)).problem()
    return replace(found, problem=problem, get=_ALLOW) if problem else found


def _purpose(uses: list[str]) -> str:
    off = uses.count("off")
    if off == len(uses):
        return f"sandboxes, which fleet.yaml does not ask for: {_OPEN}"
    return f"sandboxes of agents and checks{', but for some of fleet.yaml' if off else ''}"
