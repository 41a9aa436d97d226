"""Draws the figures of reading as bars, in SVG that needs nothing else. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _TOP = 760, 190, 150, 18, 14, 56
_COLOURS = {"naive": "#9aa4ae", "python": "#4c8bd6", "native": "#1f5fa8"}
_NAMES = {"naive": "naive server", "python": "Python core", "native": "native core"}
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.small{font-size:12px;fill:#57606a}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}}"
)


class Bar(NamedTuple):
    """A bar: requests per CPU-second of one server."""

    name: str
    value: float
    note: str


def read_plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """An SVG: a group of bars for each kind of request. rows: those of the JSON of `thunder bench read`."""
    groups = _groups(rows)
    longest = max(bar.value for bars in groups.values() for bar in bars)
    parts: list[str] = []
    top = _TOP
    for label, bars in groups.items():
        middle = top + len(bars) * _BAR / 2 + 4
        parts.append(f'<text x="{_LEFT - 12}" y="{middle:.0f}" text-anchor="end">{label}</text>')
        for bar in bars:
            parts += _bar(bar, top, longest)
            top += _BAR
        top += _GAP
    return _document(parts, top)


def _groups(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Bar]]:
    groups: dict[str, list[Bar]] = {}
    for row in rows:
        bars = groups.setdefault(f"{row['follows']:,} follows x {row['max_results']:,}", [])
        value, ratio = row["requests_per_cpu_second"], row["ratio_to_naive"]
        if not bars:
            bars.append(Bar("naive", value / ratio, ""))
        bars.append(Bar(row["core"], value, f" ({ratio:.1f} x)"))
    return groups


def _bar(bar: Bar, top: int, longest: float) -> Iterator[str]:
    width = max(1.0, bar.value / longest * (_WIDTH - _LEFT - _RIGHT))
    colour = _COLOURS.get(bar.name, "#888888")
    yield f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 3}" rx="2" fill="{colour}"/>'
    text = f"{bar.value:,.0f}{bar.note}" if bar.value >= 10 else f"{bar.value:.2g}{bar.note}"
    yield f'<text class="small" x="{_LEFT + width + 8:.1f}" y="{top + 12}">{text}</text>'


def _document(parts: Sequence[str], height: int) -> str:
    legend: list[str] = []
    for number, (name, colour) in enumerate(_COLOURS.items()):
        left = _LEFT + number * 130
        legend.append(f'<rect x="{left}" y="32" width="12" height="12" rx="2" fill="{colour}"/>')
        legend.append(f'<text class="small" x="{left + 18}" y="42">{_NAMES[name]}</text>')
    title = "Requests per CPU-second of server and Redis (more is better)"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{title}"><style>{_STYLE}</style><text x="{_LEFT}" y="20">{title}</text>'
    )
    return "\n".join([head, *legend, *parts, "</svg>"]) + "\n"
