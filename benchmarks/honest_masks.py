"""Whether hidden magnitudes reach the network through the periodogram.

    python benchmarks/honest_masks.py

Half of the observations of test curves are hidden and reconstructed, with the periodogram of the
visible observations (what `score`, `reconstruct` and validation use), and with that of the whole
curve. The errors are in units of each curve's standard deviation, as medians over the curves.
"""

from __future__ import annotations

import numpy as np
import report
import torch
from checkpoints import objects
from numpy.typing import NDArray

from sklearn_astromer import AstromerEmbedder, LightCurves, inference
from sklearn_astromer.training.masking import draw_hidden
from sklearn_astromer.windows import Windows

ENCODERS = ("surveys-periods", "surveys-periods-unlabelled", "surveys-small")
MOST = 40


def errors(
    embedder: AstromerEmbedder, curves: LightCurves, hidden: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return each curve's RMSE of hidden observations, in standard deviations."""
    parts = curves.offsets[1:-1]
    found = embedder.reconstruct(curves, np.split(hidden, parts))
    scaled = []
    for mag, made, unseen in zip(
        np.split(curves.mag, parts), found, np.split(hidden, parts), strict=True
    ):
        error = (made - mag)[unseen]
        scaled.append(np.sqrt(np.mean(error**2)) / max(mag.std(), 1e-6))
    return np.array(scaled)


def main() -> None:
    """Print the table, write the JSON."""
    torch.set_num_threads(2)
    figures, lines = [], []
    visible_alone = inference.batches.find_peaks
    for catalog in ("asas", "crts"):
        curves, _ = objects(catalog, "test", MOST)
        hidden = draw_hidden(Windows(curves, 200), 0.5, 0)
        for name in ENCODERS:
            embedder = AstromerEmbedder(name).fit(curves[:1])
            row = {"catalog": catalog, "encoder": name, "objects": len(curves)}
            row["visible"] = float(np.median(errors(embedder, curves, hidden)))
            inference.batches.find_peaks = lambda seen, *args, of=curves, **kwargs: visible_alone(
                of, *args, **kwargs
            )
            try:
                row["whole"] = float(np.median(errors(embedder, curves, hidden)))
            finally:
                inference.batches.find_peaks = visible_alone
            figures.append(row)
            lines.append([catalog, name, f"{row['visible']:.3f}", f"{row['whole']:.3f}"])
            print(*lines[-1], flush=True)
    print("\n" + report.table(["catalog", "encoder", "of the visible", "of the whole"], lines))
    report.write("honest_masks", figures)


if __name__ == "__main__":
    main()
