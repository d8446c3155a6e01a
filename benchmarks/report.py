"""Where and how benchmark figures are written down."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import sklearn
import timing
import torch

RESULTS = Path(__file__).parent / "results"


def write(name: str, figures: Any) -> None:
    """Write figures to `results/<name>.json` with the command and the machine, and say so.

    The machine's load is that of before the benchmark, see `timing`.
    """
    script = Path(sys.argv[0]).name
    content = {
        "command": " ".join(["python", f"benchmarks/{script}", *sys.argv[1:]]),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
            "load_before": round(timing.LOAD, 2),
            "in_company": timing.IN_COMPANY,
        },
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    company = ", marked as taken in company: times in it mean little" * timing.IN_COMPANY
    print(f"written to benchmarks/results/{path.name}{company}")


def figures(name: str) -> Any:
    """Return the figures in `results/<name>.json`, None if there is no such file."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text())["figures"] if path.exists() else None


def with_others(
    rows: list[dict[str, Any]], earlier: list[dict[str, Any]], keys: list[str]
) -> list[dict[str, Any]]:
    """Return earlier rows that differ from all of `rows` in one of the keys, then `rows`."""
    now = {tuple(row[key] for key in keys) for row in rows}
    return [row for row in earlier if tuple(row[key] for key in keys) not in now] + rows


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    widths = [max(len(str(r[i])) for r in [header, *rows]) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        padded = (str(c).ljust(w) for c, w in zip(cells, widths, strict=True))
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])
