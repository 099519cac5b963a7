"""A change's risk, from 0 to 100: begin with `score`."""

from fleet.model.touched import Past, Touched
from fleet.policy.risk.score import assess

__all__ = ["Past", "Touched", "assess"]
