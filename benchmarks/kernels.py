"""What each kernel is worth: the time without it to the time with it.

    python benchmarks/kernels.py

`AstromerEmbedder.transform` of full windows and of real CRTS curves, and an epoch of `fit`, by an
encoder of ASTROMER 1. Each kernel in turn is replaced by torch's function. The median over rounds
of the ratio of two passes that follow each other. What `product` is worth to periodograms is a row
of ``periodogram_speed.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import report
import torch
import torch.nn.functional as F  # noqa: N812
from realdata import load, part

from sklearn_astromer import AstromerEmbedder, LightCurves, kernels

ROUNDS = 11


def attention(query: Any, key: Any, value: Any, allowed: Any) -> Any:
    """Attend by torch's own function."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)


PLAIN = {"attention": attention, "dropout": F.dropout}


def seconds(call: Callable[[], Any]) -> float:
    """Return the time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ratio(kernel: str, call: Callable[[], Any]) -> float:
    """Return the median of the time without a kernel to that with it."""
    call()
    found = []
    for _ in range(ROUNDS):
        with_it = seconds(call)
        with patch.object(kernels, kernel, PLAIN[kernel]):
            found.append(seconds(call) / with_it)
    return float(np.median(found))


def main() -> None:
    """Print the table, write the JSON."""
    torch.set_num_threads(2)
    time_ = np.sort(np.random.default_rng(0).uniform(0, 2000, (240, 200)))
    full = LightCurves.from_arrays([np.c_[t, np.sin(t)] for t in time_])
    curves, _ = load("crts")
    real = curves[part(curves) == "test"][:400]
    figures = {}
    embedder = AstromerEmbedder(max_epochs=0, random_state=0, precision="bfloat16").fit(full)
    for name, some in (("full windows", full), ("CRTS", real)):
        figures[f"attention, transform of {name} in bfloat16"] = ratio(
            "attention", lambda X=some: embedder.transform(X)
        )
    trainer = AstromerEmbedder(max_epochs=1, random_state=0, precision="float32")
    for name, some in (("full windows", full[:128]), ("CRTS", real[:200])):
        figures[f"dropout, an epoch of fit on {name} in float32"] = ratio(
            "dropout", lambda X=some: trainer.fit(X)
        )
    print(report.table(["kernel", "time without"], [[k, f"{v:.2f}"] for k, v in figures.items()]))
    report.write("kernels", figures)


if __name__ == "__main__":
    main()
