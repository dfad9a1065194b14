"""A small plot of offsets over time, as SVG: no library, any browser shows it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

__all__ = ["offset_plot"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 800, 320, 60, 40, 40
_NOTICED_MS = 45
"""Sound ahead of the picture by more than this is noticed (commonly cited from ITU-R BT.1359)."""


def offset_plot(points: Sequence[tuple[float, float]], title: str) -> str:
    """``points`` are (seconds, milliseconds); the band that nobody notices is shaded."""
    end_s = max((at for at, _ in points), default=1.0) or 1.0
    most_ms = max([_NOTICED_MS * 1.5, *(abs(offset) * 1.1 for _, offset in points)])

    def x(at_s: float) -> float:
        return _LEFT + at_s / end_s * (_WIDTH - _LEFT - 20)

    def y(offset_ms: float) -> float:
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        return middle - offset_ms / most_ms * (_HEIGHT - _TOP - _BOTTOM) / 2

    dots = "".join(f'<circle cx="{x(t):.1f}" cy="{y(ms):.1f}" r="3"/>' for t, ms in points)
    ticks = "".join(
        f'<text x="{_LEFT - 6}" y="{y(ms) + 4:.1f}" text-anchor="end">{ms:+d}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{y(ms):.1f}" y2="{y(ms):.1f}"/>'
        for ms in (-_NOTICED_MS, 0, _NOTICED_MS)
    )
    band = y(-_NOTICED_MS) - y(_NOTICED_MS)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"
 font-family="sans-serif" font-size="12" fill="#222">
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>
<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>
<rect x="{_LEFT}" y="{y(_NOTICED_MS):.1f}" width="{_WIDTH - _LEFT - 20}" height="{band:.1f}"
 fill="#e8f3ea"/>
<g stroke="#bbb" fill="#222" stroke-width="0.5">{ticks}</g>
<g fill="#1b6e3c">{dots}</g>
<text x="{_LEFT}" y="{_HEIGHT - 12}">0 s</text>
<text x="{_WIDTH - 20}" y="{_HEIGHT - 12}" text-anchor="end">{end_s:.0f} s</text>
<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle">picture minus sound, ms</text>
</svg>
"""
