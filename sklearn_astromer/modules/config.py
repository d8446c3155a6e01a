"""The hyperparameters of an encoder."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from sklearn_astromer.weights._contents import SPECTRUM_EXTRAS, harmonics

ACTIVATIONS = ("tanh", "gelu")


@dataclasses.dataclass
class EncoderConfig:
    """What an encoder looks like; the defaults are the released ASTROMER 1.

    Parameters
    ----------
    d_model, n_layers, n_heads, d_ff : int
        Width of the vectors, blocks, heads (dividing `d_model`), width of the feed-forward layer.
    dropout : float
        In training, after the input, the attention and the feed-forward layer.
    pe_base, pe_exponent, min_period : float
        See `PositionalEncoding`; `min_period` in days.
    residual : bool
        Add the input of each sub-layer before its LayerNorm. ASTROMER 1 does not.
    dense_residual : bool
        With residuals: add it after a linear layer of its own, as ASTROMER 2 does.
    norm_first : bool
        With residuals: LayerNorm before each sub-layer instead of after it, and once more after
        the last (Xiong et al. 2020); deeper networks train more easily.
    pe_pairs : bool
        See `PositionalEncoding`.
    mask_token : bool
        Give hidden observations a learned vector instead of the magnitude 0.
    scaled_inputs : bool
        Divide the magnitudes of a window by the standard deviation of the visible ones, give the
        network its logarithm as a second input, and pass the times through a linear layer.
        Otherwise small amplitudes drown in the positional encoding.
    activation : {"tanh", "gelu"}
        Of the feed-forward layer.
    norm_eps : float
        Of LayerNorm.
    own_periods : int
        Peaks of the object's periodogram at which its times are encoded as well, see
        `phase_encoding`. 0 is ASTROMER 1. Needs `scaled_inputs`.
    own_harmonics : int
        Harmonics of half of the first peak's frequency; the other peaks have half as many.
    max_frequency : float
        Largest frequency of the periodogram in cycles a day.

    Raises
    ------
    ValueError
        If a value makes no network.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder, EncoderConfig
    >>> AstromerEmbedder(architecture=EncoderConfig(d_model=64, residual=True))
    AstromerEmbedder(architecture=EncoderConfig(d_model=64, residual=True))
    """

    d_model: int = 256
    n_layers: int = 2
    n_heads: int = 4
    d_ff: int = 128
    dropout: float = 0.1
    pe_base: float = 10000.0
    pe_exponent: float = 2.0
    min_period: float = 2 * math.pi
    residual: bool = False
    dense_residual: bool = False
    norm_first: bool = False
    pe_pairs: bool = False
    mask_token: bool = False
    scaled_inputs: bool = False
    activation: str = "tanh"
    norm_eps: float = 1e-6
    own_periods: int = 0
    own_harmonics: int = 8
    max_frequency: float = 24.0

    @property
    def harmonics(self) -> tuple[int, ...]:
        """Number of harmonics of each of an object's own frequencies."""
        return harmonics(vars(self))

    @property
    def n_spectrum(self) -> int:
        """How many numbers describe an object's periodogram."""
        return 3 * self.own_periods + SPECTRUM_EXTRAS

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyperparameters by name, as scikit-learn's estimators do."""
        return dataclasses.asdict(self)

    def set_params(self, **params: Any) -> EncoderConfig:
        """Set hyperparameters by name, as scikit-learn's estimators do."""
        vars(self).update(vars(dataclasses.replace(self, **params)))
        return self

    def __repr__(self) -> str:
        changed = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"EncoderConfig({', '.join(changed)})"

    def __post_init__(self) -> None:
        for name in ("d_model", "n_layers", "n_heads", "d_ff", "own_harmonics"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.d_model % self.n_heads or self.d_model % 2:
            raise ValueError(
                f"d_model={self.d_model} must be even and a multiple of n_heads={self.n_heads}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.min_period <= 0 or self.pe_base <= 0 or self.max_frequency <= 0:
            raise ValueError("min_period, pe_base and max_frequency must be positive")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {ACTIVATIONS}, got {self.activation!r}")
        if (self.norm_first or self.dense_residual) and not self.residual:
            name = "norm_first" if self.norm_first else "dense_residual"
            raise ValueError(f"{name}=True needs residual=True")
        if self.norm_first and self.dense_residual:
            raise ValueError("norm_first=True and dense_residual=True exclude each other")
        if not 0 <= self.own_periods <= 8:
            raise ValueError(f"own_periods must be in 0 … 8, got {self.own_periods}")
        if self.own_periods and not self.scaled_inputs:
            raise ValueError("own_periods needs scaled_inputs=True")


#: Architectures with a name: that of the paper, that of its successor, and our own.
ARCHITECTURES: dict[str, EncoderConfig] = {
    "astromer1": EncoderConfig(),
    "astromer2": EncoderConfig(
        n_layers=6, d_ff=512, residual=True, dense_residual=True, mask_token=True
    ),
    "periods": EncoderConfig(
        d_model=128,
        n_layers=6,
        d_ff=512,
        pe_base=6e4,  # periods from 0.05 to 3000 days
        pe_exponent=1.0,
        min_period=0.05,
        pe_pairs=True,
        residual=True,
        norm_first=True,
        mask_token=True,
        scaled_inputs=True,
        activation="gelu",
        own_periods=4,
    ),
}


def as_config(architecture: str | EncoderConfig) -> EncoderConfig:
    """Return the configuration that an `architecture` parameter asks for.

    Raises
    ------
    ValueError
        If it is neither a configuration nor a known name.
    """
    if isinstance(architecture, EncoderConfig):
        return architecture
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be an EncoderConfig or one of {list(ARCHITECTURES)}, "
            f"got {architecture!r}"
        )
    return dataclasses.replace(ARCHITECTURES[architecture])
