"""What each kernel is worth: the time without it to the time with it.

    python benchmarks/kernels.py

`AstromerEmbedder.transform` of full windows and of real CRTS curves, and an epoch of `fit`, by an
encoder of ASTROMER 1. Each kernel in turn is replaced by torch's function. The median over rounds
of the ratio of two passes that follow each other. `linear` is taken here also on processors on
which MKL is as fast.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import report
import timing
import torch
import torch.nn.functional as F  # noqa: N812
from realdata import load, part

from sklearn_astromer import AstromerEmbedder, LightCurves, kernels
from sklearn_astromer.kernels import processor

ROUNDS = 11


def attention(query: Any, key: Any, value: Any, allowed: Any) -> Any:
    """Attend by torch's own function."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)


PLAIN = {"attention": attention, "dropout": F.dropout, "linear": F.linear}


def ratio(kernel: str, call: Callable[[], Any]) -> float:
    """Return how many times as long a call takes without a kernel."""

    def without() -> None:
        with patch.object(kernels, kernel, PLAIN[kernel]):
            call()

    with patch.object(processor, "HALF_USED_BY_MKL", True):
        times = timing.in_turns({"with": call, "without": without}, ROUNDS)
    return timing.ratio(times, "without", "with")


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anyway", action="store_true", help="also where others are running")
    timing.refuse_company(parser.parse_args().anyway)
    torch.set_num_threads(2)
    time_ = np.sort(np.random.default_rng(0).uniform(0, 2000, (240, 200)))
    full = LightCurves.from_arrays([np.c_[t, np.sin(t)] for t in time_])
    curves, _ = load("crts")
    real = curves[part(curves) == "test"][:400]
    figures = {}
    for kernel, precision in (("linear", "float32"), ("attention", "bfloat16")):
        embedder = AstromerEmbedder(None, max_epochs=0, random_state=0, precision=precision).fit(
            full
        )
        for name, some in (("full windows", full), ("CRTS", real)):
            figures[f"{kernel}, transform of {name} in {precision}"] = ratio(
                kernel, partial(embedder.transform, some)
            )
    trainer = AstromerEmbedder(None, max_epochs=1, random_state=0, precision="float32")
    for name, some in (("full windows", full[:128]), ("CRTS", real[:200])):
        figures[f"dropout, an epoch of fit on {name} in float32"] = ratio(
            "dropout", partial(trainer.fit, some)
        )
    print(report.table(["kernel", "time without"], [[k, f"{v:.2f}"] for k, v in figures.items()]))
    report.write("kernels", figures)


if __name__ == "__main__":
    main()
