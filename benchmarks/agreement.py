"""How far rows of real curves are from those of float32 on the CPU.

    make macho && python benchmarks/agreement.py [--device cuda]

At most 3 000 random curves of each catalog, one row each, by the mean.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from realdata import CATALOGS, load

from sklearn_astromer import AstromerEmbedder


def cosines(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each row of one table to that of the other."""
    x, y = (t / np.linalg.norm(t.astype(np.float64), axis=1, keepdims=True) for t in (x, y))
    return (x * y).sum(1)


def compared(x: NDArray[np.float32], y: NDArray[np.float32]) -> dict[str, float]:
    """Return what there is to say of rows and of what they should be."""
    cosine = cosines(x, y)
    return {
        "largest difference": float(np.abs(x - y).max()),
        "largest value": float(np.abs(y).max()),
        "least cosine": float(cosine.min()),
        "median cosine": float(np.median(cosine)),
        "share above 0.9999": float((cosine >= 0.9999).mean()),
    }


def agreement(device: str, most: int = 3000) -> list[dict[str, Any]]:
    """Return a row for each catalog, weights and precision."""
    rows = []
    for catalog in CATALOGS:
        curves, _ = load(catalog)
        curves = curves[np.random.RandomState(0).permutation(len(curves))[:most]]
        for weights in ("macho", "surveys-small"):
            model = AstromerEmbedder(weights, device="cpu", precision="float32")
            theirs = model.fit(curves[:2]).transform(curves)
            for precision in ("float32", "bfloat16"):
                if (device, precision) == ("cpu", "float32"):
                    continue
                ours = model.set_params(device=device, precision=precision).transform(curves)
                of = {"catalog": catalog, "weights": weights, "precision": precision}
                rows.append(of | compared(ours, theirs))
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows of figures as text."""
    cells = [[f"{v:.7g}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    return report.table(list(rows[0]), cells)


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    rows = agreement(args.device)
    print(table(rows))
    report.write("agreement" + f"_{args.device}" * (args.device != "cpu"), rows)


if __name__ == "__main__":
    main()
