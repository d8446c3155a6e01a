"""A fitted embedder as an ONNX model, for brokers and for whatever runs no Python."""

from __future__ import annotations

import os
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklearn_astromer._extras import import_extra
from sklearn_astromer._files import check_free, replacing
from sklearn_astromer.config import PERIOD_PARTS, VECTOR_PARTS
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.pooling import pool_windows
from sklearn_astromer.weights import WEIGHTS

__all__ = ["to_onnx"]

OPSET = 18  # ONNX Runtime reads it since 1.14 (2023)


def to_onnx(
    embedder: AstromerEmbedder,
    path: str | os.PathLike[str],
    *,
    licence: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a fitted embedder as an ONNX model of plain operators.

    The model takes windows of light curves as they are and gives what ``embedder.transform``
    gives for a curve of one window:

    - ``time`` (n, L), float64, days; only differences matter;
    - ``mag`` (n, L), float64, magnitudes;
    - ``mask`` (n, L), bool: True for an observation, False for padding, whose content is ignored;
      at least one True in each row;
    - for encoders with own periods, ``frequency`` (n, n_peaks), float64, and ``spectrum``
      (n, n_spectrum), float32: the attributes of that name of what
      `sklearn_astromer.periodogram.find_peaks` gives for the whole curve;
    - output ``embedding`` (n, n_features), float32, the columns of
      ``embedder.get_feature_names_out()``.

    Both n and L are free. Means are subtracted inside, in float64, so give dates as they are. Needs
    ``pip install sklearn_astromer[onnx]``; running the model needs ONNX Runtime alone.

    Parameters
    ----------
    embedder : AstromerEmbedder
        Fitted, with a `row` without ``"periods"`` and ``"shape"``, which need no network:
        `find_peaks` and `VariabilityFeatures` give them.
    path : path
        The file, which appears at once and whole.
    licence : str, optional
        Licence of the weights, kept in the model. Default: that of the pretrained weights it
        began with, where they have a name in `WEIGHTS`; else "not stated".
    overwrite : bool, default=False
        Whether a file that is there already is replaced.

    Raises
    ------
    NotFittedError
        If `fit` was not called.
    ValueError
        If its `row` is None or has periods or shape.
    FileExistsError
        If there is a file already, and it is not to be replaced.
    ImportError
        If onnx or onnxscript is not installed.

    Notes
    -----
    The metadata of the model are ``name`` (of the file), ``pretrained``, ``licence``,
    ``citation``, ``row``, ``window_size``, ``feature_names`` (separated by commas) and
    ``sklearn_astromer`` (the version).

    Rows differ from those of `transform` by what float32 leaves open: 2e-5 at most for ``macho``
    on curves of ASAS; with ``"max"``, which averages no rounding away, 4e-4 at values of 10, where
    both are 2e-4 from what float64 gives.

    A curve longer than ``window_size`` observations is to be cut into windows of nearly equal
    length, and their rows averaged with their numbers of observations n as weights (``"max"``:
    take the largest). With ``"std"`` the means m and deviations s of the windows combine to the
    root of the average of s² + (m - M)², where M is the average of m.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.export import to_onnx
    >>> curves, _ = make_variable_stars(5, random_state=0)
    >>> embedder = AstromerEmbedder(row="mean").fit(curves)
    >>> to_onnx(embedder, "embedder.onnx")  # doctest: +SKIP
    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("embedder.onnx")  # doctest: +SKIP
    >>> time, mag = curves[0].T[:2, None]
    >>> inputs = {"time": time, "mag": mag, "mask": np.isfinite(mag)}  # doctest: +SKIP
    >>> session.run(None, inputs)[0].shape  # doctest: +SKIP
    (1, 128)
    """
    if not isinstance(embedder, AstromerEmbedder):
        raise TypeError(
            f"a fitted AstromerEmbedder can be exported, got {type(embedder).__name__}: of a "
            "MultiBandEmbedder or a classifier export its embedder_ or encoder_"
        )
    check_is_fitted(embedder, "module_")
    embedder._check_parameters()
    parts = embedder._parts()
    own_periods = embedder.module_.encoder.config.own_periods
    if own_periods and set(parts) & set(PERIOD_PARTS):
        rest = tuple(part for part in parts if part not in PERIOD_PARTS)
        raise ValueError(
            "the columns of periods (find_peaks(curves).columns) and shape (VariabilityFeatures) "
            f"are not of a network: call embedder.set_params(row={rest}) before"
        )
    names = embedder.get_feature_names_out()
    path = Path(path).expanduser()
    check_free(path, overwrite)
    model = _traced(_Graph(embedder.module_.encoder, parts))
    for node in model.graph.node:  # where the source stands on this machine
        del node.metadata_props[:]
        node.doc_string = ""
    entry = WEIGHTS.get(embedder.pretrained) if isinstance(embedder.pretrained, str) else None
    described = {
        "name": path.stem,
        "pretrained": "" if entry is None else entry.name,
        "licence": licence or ("not stated" if entry is None else entry.licence),
        "citation": WEIGHTS["macho"].citation if entry is None else entry.citation,
        "row": ",".join(parts),
        "window_size": str(embedder.window_size),
        "feature_names": ",".join(names),
        "sklearn_astromer": metadata.version("sklearn_astromer"),
    }
    del model.metadata_props[:]
    for key, value in described.items():
        model.metadata_props.add(key=key, value=value)
    with replacing(path, overwrite=overwrite) as partial:
        partial.write_bytes(model.SerializeToString())


class _Graph(nn.Module):
    """Centring, encoder and pooling, in operators that ONNX has."""

    def __init__(self, encoder: Encoder, parts: tuple[str, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.parts = parts

    def forward(
        self,
        time: Tensor,
        mag: Tensor,
        mask: Tensor,
        frequency: Tensor | None = None,
        spectrum: Tensor | None = None,
    ) -> Tensor:
        count = mask.sum(1, keepdim=True)

        def mean(values: Tensor) -> Tensor:
            return values.masked_fill(~mask, 0.0).sum(1, keepdim=True) / count

        def centred(values: Tensor) -> Tensor:
            return (values - mean(values)).masked_fill(~mask, 0.0)

        time, phase = centred(time), None
        if frequency is not None:
            turns = time.unsqueeze(-1) * frequency.unsqueeze(1) / 2
            phase = (turns - turns.floor()).float()
        layers = self.encoder.all_layers(
            time.float(), centred(mag).float(), mask, None, phase, spectrum
        )
        found = {"brightness": mean(mag).float()}
        for part in set(self.parts) & set(VECTOR_PARTS):
            pooled = pool_windows(layers, mask, [part])
            found[part] = (pooled[:, 1] / count).sqrt() if part == "std" else pooled.flatten(1)
        return torch.cat([found[part] for part in self.parts if part in found], dim=1)


def _traced(graph: _Graph) -> Any:
    for module in ("onnx", "onnxscript"):
        import_extra(module, "onnx", "exporting")
    example = torch.zeros(2, 3, dtype=torch.float64)
    n, length = torch.export.Dim("n"), torch.export.Dim("L")
    inputs = {"time": example, "mag": example.clone(), "mask": torch.ones(2, 3, dtype=torch.bool)}
    sizes = {name: {0: n, 1: length} for name in inputs}
    config = graph.encoder.config
    if config.own_periods:
        inputs["frequency"] = torch.ones(2, config.own_periods, dtype=torch.float64)
        inputs["spectrum"] = torch.zeros(2, config.n_spectrum)
        sizes |= {"frequency": {0: n}, "spectrum": {0: n}}
    # what torch says of itself and of its names of axes
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=["embedding"],
            dynamic_shapes=sizes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto
