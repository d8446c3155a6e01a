"""How many passes over a survey it takes to reconstruct it as well as `macho` does at its best.

    make macho && python benchmarks/fine_tuning_epochs.py --encoder runs/asas/supervised

On CRTS: 700 objects of the training part are trained on, pass after pass without labels, and the
RMSE of hidden observations of 300 objects of the validation part is taken after each. Compared are
`macho`, an encoder of ours (with ``--encoder`` one that never saw CRTS, see `pretrain.py`), and a
fresh one of the same architecture, each at its default learning rate.
"""

from __future__ import annotations

import argparse

import numpy as np
import report
from pretrain import ARCHITECTURE
from realdata import load, part

from sklearn_astromer import AstromerEmbedder


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="surveys-small")
    parser.add_argument("--passes", type=int, default=10)
    args = parser.parse_args()
    curves, _ = load("crts")
    which = part(curves)
    rng = np.random.RandomState(0)
    train, valid = (
        curves[rng.permutation(np.flatnonzero(which == name))[:n]]
        for name, n in (("train", 700), ("valid", 300))
    )
    encoders = {
        "macho": {"pretrained": "macho"},
        args.encoder: {"pretrained": args.encoder},
        "from scratch": {**ARCHITECTURE, "dropout": 0.0},
    }
    rmse: dict[str, list[float]] = {}
    for name, options in encoders.items():
        embedder = AstromerEmbedder(**options, max_epochs=0, precision="bfloat16", random_state=0)
        rmse[name] = [-embedder.fit(train).score(valid)]
        for _ in range(args.passes):
            rmse[name].append(-embedder.partial_fit(train).score(valid))
            print(name, len(rmse[name]) - 1, f"{rmse[name][-1]:.4f}", flush=True)
    best = min(rmse["macho"])
    passes = {
        name: next((i for i, value in enumerate(values) if value <= best), None)
        for name, values in rmse.items()
    }
    lines = [[n, f"{v[0]:.3f}", f"{min(v):.3f}", str(passes[n])] for n, v in rmse.items()]
    header = ["encoder", "RMSE before (mag)", "best", "passes to macho's best"]
    print("\n" + report.table(header, lines))
    report.write("fine_tuning_epochs", {"hidden_rmse": rmse, "passes_to_macho_best": passes})


if __name__ == "__main__":
    main()
