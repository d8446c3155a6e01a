"""Whether embedding, training and periodograms are as fast as they were.

    python benchmarks/speed.py [--write]

Each is timed in turns with a product of matrices, which is torch's own: how many times as long as
the product each takes says something of this package, and little of the machine. The median over
the rounds is compared with what ``results/speed.json`` holds for this kind of processor; exit code
1 if one takes longer by more than a tenth. ``--write`` puts the new ones there.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
import report
import timing
import torch

from sklearn_astromer import AstromerEmbedder, LightCurves, Recipe
from sklearn_astromer.periodogram import find_peaks, peaks

SIZE = 2048  # of the matrices
LONGER = 1.1
KEYS = ["processor", "threads", "what"]


def curves(count: int, length: int, days: float) -> LightCurves:
    """Return sines of one period each, at random times, with noise."""
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, days, (count, length)))
    mag = np.sin(2 * np.pi * time / rng.uniform(0.2, 5, (count, 1)))
    mag += rng.normal(0, 0.2, mag.shape)
    return LightCurves.from_arrays([np.c_[t, m] for t, m in zip(time, mag, strict=True)])


def periodograms(of: LightCurves) -> None:
    """Find peaks that are not cached."""
    peaks._CACHE.rows.clear()
    find_peaks(of)


def measured(rounds: int) -> list[dict[str, object]]:
    """Return a row for each."""
    full, long = curves(240, 200, 2000), curves(40, 450, 3300)
    embedder = AstromerEmbedder(None, max_epochs=0, random_state=0, precision="float32").fit(full)
    trainer = AstromerEmbedder(
        max_epochs=1, random_state=0, precision="float32", training=Recipe(validation_fraction=0)
    )
    matrix = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    times = timing.in_turns(
        {
            "product": lambda: matrix @ matrix,
            "embed 240 full windows": partial(embedder.transform, full),
            "train on 128 full windows": partial(trainer.fit, full[:128]),
            "40 periodograms of 450 observations": partial(periodograms, long),
        },
        rounds,
    )
    who = f"{report.processor()}, {torch.backends.cpu.get_cpu_capability()}"
    return [
        {"processor": who, "threads": torch.get_num_threads(), "what": name}
        | {"products": timing.ratio(times, name, "product"), "seconds": float(np.median(each))}
        for name, each in times.items()
    ]


def main() -> int:
    """Print the table; write the JSON or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--write", action="store_true", help="keep the figures as the new ones")
    parser.add_argument("--anyway", action="store_true", help="also where others are running")
    args = parser.parse_args()
    timing.refuse_company(args.anyway)
    warnings.simplefilter("ignore", UserWarning)  # what training without labels is worth
    held = report.figures("speed") or []
    known = {tuple(row[key] for key in KEYS): row["products"] for row in held}
    rows, table, slower = measured(args.rounds), [], []
    for row in rows:
        before = known.get(tuple(row[key] for key in KEYS))
        change = None if before is None else row["products"] / before
        if change is not None and change > LONGER:
            slower.append(f"slower than it was by a factor of {change:.2f}: {row['what']}")
        cells = [row["seconds"], row["products"], before, change]
        table.append([row["what"], *("" if x is None else f"{x:.2f}" for x in cells)])
    print(report.table(["what", "s", "in products", "before", "to before"], table))
    if args.write:
        report.write("speed", report.with_others(rows, held, KEYS))
        return 0
    if not any(row[3] for row in table):
        print(f"no figures yet of {rows[0]['processor']}: --write keeps these")
    print(*slower, sep="\n")
    return int(bool(slower))


if __name__ == "__main__":
    raise SystemExit(main())
