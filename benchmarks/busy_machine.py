"""Threads of the command line that wait for each other, on an idle and on a busy machine.

    python benchmarks/busy_machine.py

`sklearn-astromer embed` of ASAS curves by the default weights, in turns: as the command line sets
its threads (GOMP_SPINCOUNT=10000), as GCC's runtime has them by default (300000), and with
OMP_WAIT_POLICY=PASSIVE, which never spin. On the idle machine 300 curves, and beside three foreign
loops a core 60. When idle, the first is to take at most 1.05 times as long as the default; when
busy, at most 1.3 times as long as the passive one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import report
import timing
from realdata import load

LOOPS_A_CORE = 3
OBJECTS = {"idle": 300, "busy": 60}
ROUNDS = {"idle": 5, "busy": 2}
SETTINGS = {
    "command line": {},
    "default": {"GOMP_SPINCOUNT": "300000"},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
}
LIMITS = {"idle": ("default", 1.05), "busy": ("passive", 1.3)}


def embed(catalog: Path, out: Path, setting: dict[str, str]) -> None:
    """Embed a catalog in a process of its own."""
    words = ["embed", catalog, "--out", out, "--overwrite", "--quiet", "--device", "cpu"]
    command = [sys.executable, "-m", "sklearn_astromer", *map(str, words)]
    subprocess.run(command, env=os.environ | setting, check=True)


@contextlib.contextmanager
def loops(count: int) -> Iterator[None]:
    """Keep the cores busy by foreign processes."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """Print the table, write the JSON."""
    timing.refuse_company("--anyway" in sys.argv)
    curves, _ = load("asas")
    figures, rows = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for state, n in OBJECTS.items():
            catalog = Path(folder, f"{state}.parquet")
            curves[:n].to_parquet(catalog)
            calls = {
                name: partial(embed, catalog, Path(folder, "rows.parquet"), setting)
                for name, setting in SETTINGS.items()
            }
            count = LOOPS_A_CORE * (os.cpu_count() or 1) if state == "busy" else 0
            with loops(count):
                times = timing.in_turns(calls, ROUNDS[state])
            other, limit = LIMITS[state]
            ratio = timing.ratio(times, "command line", other)
            figures[state] = {"objects": n, "seconds": times, "ratio": ratio, "limit": limit}
            medians = [f"{sorted(each)[len(each) // 2]:.1f}" for each in times.values()]
            rows.append([state, str(n), *medians, f"{ratio:.2f} x {other} (at most {limit})"])
            print(*rows[-1], flush=True)
    print("\n" + report.table(["machine", "curves", *(f"{s} (s)" for s in SETTINGS), ""], rows))
    report.write("busy_machine", figures)


if __name__ == "__main__":
    main()
