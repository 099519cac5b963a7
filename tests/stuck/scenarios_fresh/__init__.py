"""Fresh scenarios, by what they are about."""

from scenarios_fresh import (
    healthy_commands,
    healthy_counts,
    healthy_edits,
    healthy_waits,
    stuck_commands,
    stuck_edits,
    stuck_looks,
    stuck_waits,
)

STUCK = [*stuck_edits.EDITS, *stuck_commands.COMMANDS, *stuck_looks.LOOKS, *stuck_waits.WAITS]
HEALTHY = [
    *healthy_edits.EDITS,
    *healthy_counts.COUNTS,
    *healthy_commands.COMMANDS,
    *healthy_waits.WAITS,
]
FRESH = [*STUCK, *HEALTHY]
