"""What the official `astromer` 0.1.8 makes of padding, for comparison; not to be used.

Its attention adds 1 to the logits of padding instead of excluding it, and the curve is cut into
windows of 200 of which the last one overlaps the one before. Checked against the official output
(`../shared/golden`, `attention_padded_official`) by running this file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer import LightCurves
from sklearn_astromer.modules.encoder import Encoder

LENGTH = 200


def vectors(encoder: Encoder, time: Tensor, mag: Tensor, mask: Tensor) -> Tensor:
    """Return attention vectors (n_windows, 200, d) with the official mask."""
    padding = ~mask
    touched = padding[:, None, :, None] | padding[:, None, None, :]
    x = encoder.magnitude(mag.unsqueeze(-1)) + encoder.positional(time)
    for block in encoder.layers:
        query, key, value = block.attention._heads(x)
        logits = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + touched
        attended = (logits.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = block.norm1(block.attention.out(attended))
        x = block.norm2(block.ffn_out(torch.tanh(block.ffn_in(x))))
    return x


def windows(n: int) -> list[slice]:
    """Return the official windows of n observations; only curves below 200 are padded."""
    if n < LENGTH:
        return [slice(0, n)]
    return [slice(i, i + LENGTH) for i in [*range(0, n - LENGTH, LENGTH), n - LENGTH]]


def partition(n: int) -> list[slice]:
    """Return our windows, which all need padding to 200 where n is no multiple of it."""
    ends = np.linspace(0, n, -(-n // LENGTH) + 1).round().astype(int)
    return [slice(a, b) for a, b in itertools.pairwise(ends)]


@torch.inference_mode()
def embed(
    encoder: Encoder, curves: LightCurves, cutting: Callable[[int], list[slice]] = windows
) -> NDArray[np.float32]:
    """Return the mean of the official attention vectors of each object, (n_objects, d)."""
    cut = [(i, curve[w]) for i, curve in enumerate(curves) for w in cutting(len(curve))]
    total = np.zeros((len(curves), encoder.config.d_model))
    count = np.zeros(len(curves))
    for start in range(0, len(cut), 32):
        batch = cut[start : start + 32]
        padded = np.zeros((2, len(batch), LENGTH), dtype=np.float32)
        mask = np.zeros((len(batch), LENGTH), dtype=bool)
        for row, (_, window) in enumerate(batch):
            padded[:, row, : len(window)] = (window - window.mean(0))[:, :2].T
            mask[row, : len(window)] = True
        out = vectors(encoder, *torch.from_numpy(padded), torch.from_numpy(mask)).numpy()
        for row, (i, window) in enumerate(batch):
            total[i] += out[row, mask[row]].sum(0)
            count[i] += len(window)
    return (total / count[:, None]).astype(np.float32)


if __name__ == "__main__":
    from realdata import SHARED

    from sklearn_astromer import AstromerEmbedder

    golden = np.load(SHARED / "golden" / "macho_attention.npz")
    lengths = golden["n_obs"]
    curves = LightCurves.from_arrays(
        [np.c_[golden["time"][i, :n], golden["mag"][i, :n]] for i, n in enumerate(lengths)]
    )
    module = AstromerEmbedder("macho").fit(curves).module_
    worst = np.abs(
        embed(module.encoder, curves)
        - [golden["attention_padded_official"][i, :n].mean(0) for i, n in enumerate(lengths)]
    ).max()
    print(f"largest difference of a mean vector to the official one: {worst:.1e}")
