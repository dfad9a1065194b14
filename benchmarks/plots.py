"""Draw docs/benchmarks/*.svg from benchmarks/results/*.json. Needs matplotlib."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks"
OURS, PEER = "#1f77b4", "#bbbbbb"


def load(name: str) -> dict[str, Any]:
    path = HERE / "results" / f"{name}.json"
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return figures


def offsets(plt: Any) -> None:
    """95th percentile of the offset per listed scenario, ours and the peer's, on a log scale."""
    ours, peer = load("virtual"), load("peer")
    names = [name for name in ours if not name.startswith("x")]
    figure, axes = plt.subplots(figsize=(8, 6))
    rows = range(len(names))
    if peer:
        wide = [max(0.1, peer[name]["p95"]) if name in peer else 0.1 for name in names]
        axes.barh([r + 0.2 for r in rows], wide, 0.4, color=PEER, label="vision-agents 0.6.9")
    narrow = [max(0.1, ours[name]["p95"]) for name in names]
    axes.barh([r - 0.2 for r in rows], narrow, 0.4, color=OURS, label="this project")
    axes.axvline(45, color="black", linestyle=":", linewidth=1)
    axes.set(xscale="log", xlabel="|picture minus sound|, 95th percentile, ms; dotted: 45 ms")
    axes.set_yticks(list(rows), names, fontsize=8)
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(PAGE / "offsets.svg", metadata={"Date": None})


def load_of_streams(plt: Any) -> None:
    """CPU per stream at 32 streams."""
    figures = load("concurrency")
    figure, axes = plt.subplots(figsize=(6, 2.6))
    for place, case in enumerate(figures):
        for shift, who, colour in ((-0.2, "ours", OURS), (0.2, "peer", PEER)):
            if figures[case][who]:
                value = figures[case][who]["cpu_pct_per_stream"]
                axes.barh(place + shift, value, 0.4, color=colour, label=who if not place else None)
    axes.set_yticks(range(len(figures)), list(figures))
    axes.set(xlabel="CPU of one core per stream, %, 32 streams of 720p30")
    axes.legend()
    figure.tight_layout()
    figure.savefig(PAGE / "cpu.svg", metadata={"Date": None})


def main() -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "benchmarks"  # the same figures give the same file
    from matplotlib import pyplot

    PAGE.mkdir(exist_ok=True)
    for plot, needs in ((offsets, "virtual"), (load_of_streams, "concurrency")):
        if load(needs):
            plot(pyplot)


if __name__ == "__main__":
    main()
