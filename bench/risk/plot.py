"""One small picture: which part of the defects is met, over which part of the changed lines is read."""

from __future__ import annotations

from collections.abc import Sequence

_SIDE, _EDGE = 320, 40
_LINES = (
    ("by the score", "#1f6feb", ""),
    ("largest first", "#d1242f", "4 3"),
    ("smallest first", "#777", "2 3"),
)


def plotted(repositories: Sequence[Sequence[Sequence[float]]]) -> str:
    """An SVG of the mean of these curves: for each repository by score, largest first, smallest first."""
    size = _SIDE + 2 * _EDGE
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif">']
    parts.append(
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>'
    )
    for share in (0, 20, 40, 60, 80, 100):
        at = share / 100 * _SIDE
        parts.append(
            f'<text x="{_EDGE + at}" y="{size - 22}" font-size="10" text-anchor="middle">{share}%</text>'
        )
        parts.append(
            f'<text x="34" y="{_EDGE + _SIDE - at + 3}" font-size="10" text-anchor="end">{share}%</text>'
        )
    for number, (name, colour, dashes) in enumerate(_LINES):
        curves = [each[number] for each in repositories]
        steps = len(curves[0]) - 1
        mean = [sum(curve[at] for curve in curves) / len(curves) for at in range(steps + 1)]
        points = " ".join(
            f"{_EDGE + at / steps * _SIDE:.1f},{_EDGE + _SIDE * (1 - part):.1f}"
            for at, part in enumerate(mean)
        )
        style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{points}" {style}/>')
        y = _EDGE + _SIDE - 44 + 14 * number
        parts.append(f'<text x="{_EDGE + _SIDE - 90}" y="{y}" font-size="11" fill="{colour}">{name}</text>')
    parts.append(
        f'<text x="{size / 2}" y="{size - 6}" font-size="11" text-anchor="middle">changed lines read</text>'
    )
    parts.append(f'<text x="{_EDGE}" y="30" font-size="11">changes with a defect that were met</text>')
    return "\n".join([*parts, "</svg>", ""])
