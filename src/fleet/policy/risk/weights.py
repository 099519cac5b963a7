"""The weights of the risk score, as they were learned; `bench/risk/train.py` writes this file.

A row is a feature, its points for each 1 that it grows, and its value in the least risky
changes, which get none. How they were learned and how good they are: docs/risk.md. Learned from:

* requests at 1f6589ec3a1e: 1267 changes, 191 of them brought a defect in
* express at a3714473feb3: 1137 changes, 294 of them brought a defect in
* gin at dcaa4296d111: 1015 changes, 173 of them brought a defect in
* gson at 9835b6f90192: 1103 changes, 160 of them brought a defect in
* jq at 579e6f76cffd: 1001 changes, 351 of them brought a defect in
* click at 2c8cd3ac958a: 1073 changes, 191 of them brought a defect in
* bat at 2ba8db9c14e5: 827 changes, 146 of them brought a defect in
* tmux at c1f947a3c5bc: 1875 changes, 218 of them brought a defect in
"""

from __future__ import annotations

WEIGHTS: tuple[tuple[str, float, float], ...] = (
    ("la", 1.292, 1.322),
    ("ld", 0.001, 2.338),
    ("lt", -2.128, 7.764),
    ("code_la", 5.938, 0.727),
    ("code_ld", 0.371, 1.897),
    ("ns", 2.608, 1.135),
    ("nd", 0.525, 1.227),
    ("nf", 0.481, 1.386),
    ("code_nf", 3.462, 1.056),
    ("entropy", 5.054, 0.244),
    ("ndev", -2.851, 3.288),
    ("age", -0.871, 5.317),
    ("nuc", 12.203, 0.930),
    ("commits", 0.846, 4.275),
    ("fixes", 4.091, 1.375),
    ("new_files", -3.886, 0.005),
    ("exp", -3.111, 6.239),
    ("rexp", 2.000, 5.181),
    ("sexp", 0.898, 5.318),
    ("exp_share", 9.938, 0.169),
    ("fix", 5.758, 0.039),
    ("no_tests", 1.886, 0.524),
)

EVEN = 58.1
"""A change with so many of these points brings a defect in as often as not."""

STEP = 17.0
"""By so many points the odds grow e-fold."""
