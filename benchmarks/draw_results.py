"""Draw what tables of the results pages say, from the JSON files of their benchmarks.

python benchmarks/draw_results.py
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import report

CATALOGS = {
    "asas": "ASAS",
    "crts": "CRTS",
    "ogle_cepheids": "OGLE Cepheids",
    "stripe82": "Stripe 82",
}
ENCODERS = {
    "macho": "C7",
    "VariabilityFeatures": "C1",
    "surveys-small": "C9",
    "surveys-periods-unlabelled": "C2",
    "surveys-periods": "C0",
}
SIDES = {
    "official, best batch": ("official package, best batch size", "C7"),
    "ONNX Runtime, a curve per call": ("ONNX Runtime, one curve per call", "C1"),
    "ours float32": ("AstromerEmbedder, float32", "C9"),
    "ours bfloat16": ("AstromerEmbedder, bfloat16", "C0"),
}
SETS = ("Stripe 82", "ASAS", "CRTS")


def bars(heights: dict[str, tuple[list[float], str]], groups: Iterable[str], label: str) -> Any:
    """Draw groups of bars side by side; return the figure."""
    figure, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
    groups, width = list(groups), 0.8 / len(heights)
    for i, (name, (values, colour)) in enumerate(heights.items()):
        at = np.arange(len(groups)) + (i - (len(heights) - 1) / 2) * width
        ax.bar(at, values, width, color=colour, label=name)
    ax.set_xticks(range(len(groups)), groups)
    ax.set_ylabel(label)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize="small")
    return figure


def main() -> None:
    """Draw all."""
    rows = report.figures("checkpoints")["rows"]
    scores = {(row["encoder"], row["table"], row["catalog"]): row["forest"] for row in rows}
    heights = {}
    for encoder, colour in ENCODERS.items():
        table = "features" if encoder == "VariabilityFeatures" else "mean and std"
        values = [np.mean(scores[encoder, table, catalog]) for catalog in CATALOGS]
        heights[encoder] = values, colour
    figure = bars(heights, CATALOGS.values(), "macro-F1 of a random forest")
    figure.axes[0].set_ylim(0.5, 1)
    figure.savefig(report.RESULTS / "checkpoints.png", dpi=110)

    rates = report.figures("encode_throughput")["rates"]
    speeds = {(row["side"], row["set"]): np.mean(row["per_second"]) for row in rates}
    heights = {
        name: ([speeds[side, curves] for curves in SETS], colour)
        for side, (name, colour) in SIDES.items()
    }
    figure = bars(heights, SETS, "curves per second, two cores")
    figure.savefig(report.RESULTS / "encode_throughput.png", dpi=110)


if __name__ == "__main__":
    main()
