"""Write into older bundled weights what the light curves were like that they were trained on.

    python benchmarks/bundled_training.py

`pretrain.py` records this by itself; `surveys-small` and `surveys-periods-unlabelled` are older.
Their training parts are made again from ../shared/data and checked against the numbers that were
recorded then. The 6 000 simulated stars are drawn as `pretrain.py` draws them now. The weights stay
as they are, to the last bit.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from pretrain import BUNDLED, catalog
from realdata import load, part

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.statistics import summarise
from sklearn_astromer.weights.checkpoint import read_folder, write_folder

SURVEYS = ["asas", "crts"]
BOTH = "masked reconstruction, and the classes of the stars"


def small() -> LightCurves:
    """Return the training part of `surveys-small`: all of it, however short."""
    parts = [curves[part(curves) == "train"] for curves, _ in map(load, SURVEYS)]
    return LightCurves.concatenate(parts)


def install(name: str, seen: dict[str, Any], objective: str, labels: bool) -> None:
    """Add the record of its training to a bundled folder."""
    folder = BUNDLED / name
    before = (folder / "weights.safetensors").read_bytes()
    checkpoint = read_folder(folder)
    training = {"objective": objective, "labels": labels, **seen, "begun_with": None}
    info = checkpoint.info | {"training": training, "licence": "MIT"}
    write_folder(folder, replace(checkpoint, info=info), overwrite=True)
    assert (folder / "weights.safetensors").read_bytes() == before
    print(name, hashlib.sha256(before).hexdigest()[:12], seen)


def main() -> None:
    """Do it for both."""
    curves = small()
    # what the run of surveys-small wrote of its catalog
    assert (len(curves), len(curves.time)) == (28767, 8199123), curves
    install("surveys-small", summarise(curves), BOTH, True)
    curves, _ = catalog(SURVEYS, most=5000)
    assert len(curves) == 7654 + 15621 + 6000, curves  # as docs/surveys-periods.md has them
    install("surveys-periods-unlabelled", summarise(curves), "masked reconstruction", False)


if __name__ == "__main__":
    main()
