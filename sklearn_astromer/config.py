"""What a network looks like: one description for networks, weights, parameters and flags."""

import dataclasses
import math

from sklearn_astromer._fields import Described, described, option

#: What can be said of the vectors of an object's observations.
VECTOR_PARTS = ("mean", "std", "max", "layers")
#: What follows from an object's own periods, and is not of the network.
PERIOD_PARTS = ("periods", "shape")
#: What the row of an object may hold, and what it holds unless told otherwise.
ROW_PARTS = (*VECTOR_PARTS, "brightness", *PERIOD_PARTS)
ROW = ("mean", "brightness", "periods", "shape")

WINDOW_SIZE = 200  # observations, as in the paper
# Numbers of a spectrum beside those of each peak: 32 bins, time span, number of observations.
SPECTRUM_EXTRAS = 34


@described
class EncoderConfig(Described):
    """What an encoder looks like; the defaults are the released ASTROMER 1.

    Raises
    ------
    ValueError
        If a value makes no network.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder, EncoderConfig
    >>> AstromerEmbedder(None, architecture=EncoderConfig(d_model=64, residual=True))
    AstromerEmbedder(architecture=EncoderConfig(d_model=64, residual=True),
                     pretrained=None)
    """

    d_model: int = option(default=256, text="width of the vectors")
    n_layers: int = option(default=2, text="number of blocks", most=1024)
    n_heads: int = option(default=4, text="attention heads; they divide `d_model`")
    d_ff: int = option(default=128, text="width of the feed-forward layer")
    dropout: float = option(
        default=0.1,
        text="in training, after the input, the attention and the feed-forward layer; that of an "
        "estimator's `training` goes before",
        low=0.0,
        below=1.0,
    )
    pe_base: float = option(default=10000.0, text="base of the positional encoding's periods")
    pe_exponent: float = option(default=2.0, text="exponent of the positional encoding's periods")
    min_period: float = option(
        default=2 * math.pi, text="shortest period of the positional encoding (days)"
    )
    residual: bool = option(
        default=False,
        text="add the input of each sub-layer before its LayerNorm, which ASTROMER 1 does not",
    )
    dense_residual: bool = option(
        default=False,
        text="with residuals: add it after a linear layer of its own, as ASTROMER 2 does",
    )
    norm_first: bool = option(
        default=False,
        text="with residuals: LayerNorm before each sub-layer instead of after it, and once more "
        "after the last (Xiong et al. 2020); deeper networks train more easily",
    )
    pe_pairs: bool = option(
        default=False, text="sine and cosine of each period, see `PositionalEncoding`"
    )
    mask_token: bool = option(
        default=False, text="give hidden observations a learned vector instead of the magnitude 0"
    )
    scaled_inputs: bool = option(
        default=False,
        text="divide the magnitudes of a window by the standard deviation of the visible ones, "
        "give the network its logarithm as a second input, and pass the times through a linear "
        "layer; otherwise small amplitudes drown in the positional encoding",
    )
    activation: str = option(
        default="tanh", text="of the feed-forward layer", choices=("tanh", "gelu")
    )
    norm_eps: float = option(default=1e-6, text="epsilon of LayerNorm")
    own_periods: int = option(
        default=0,
        text="peaks of the object's periodogram at which its times are encoded as well, see "
        "`phase_encoding`; 0 is ASTROMER 1; needs `scaled_inputs`",
        least=0,
        most=8,
    )
    own_harmonics: int = option(
        default=8,
        text="harmonics of half of the first peak's frequency; the other peaks have half as many",
        most=64,
    )
    max_frequency: float = option(
        default=24.0, text="largest frequency of the periodogram (1/days)"
    )

    @property
    def harmonics(self) -> tuple[int, ...]:
        """Number of harmonics of each of an object's own frequencies."""
        others = max(1, self.own_harmonics // 2)
        return (self.own_harmonics, *[others] * (self.own_periods - 1))[: self.own_periods]

    @property
    def n_spectrum(self) -> int:
        """How many numbers describe an object's periodogram."""
        return 3 * self.own_periods + SPECTRUM_EXTRAS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.d_model % self.n_heads or self.d_model % 2:
            raise ValueError(
                f"d_model={self.d_model} must be even and a multiple of n_heads={self.n_heads}"
            )
        if (self.norm_first or self.dense_residual) and not self.residual:
            name = "norm_first" if self.norm_first else "dense_residual"
            raise ValueError(f"{name}=True needs residual=True")
        if self.norm_first and self.dense_residual:
            raise ValueError("norm_first=True and dense_residual=True exclude each other")
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


def as_config(architecture: str | EncoderConfig | None) -> EncoderConfig:
    """Return the configuration that an `architecture` parameter asks for; None: the paper's.

    Raises
    ------
    ValueError
        If it is neither a configuration nor a known name.
    """
    if isinstance(architecture, EncoderConfig):
        return architecture
    architecture = "astromer1" if architecture is None else architecture
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be an EncoderConfig or one of {list(ARCHITECTURES)}, "
            f"got {architecture!r}"
        )
    return dataclasses.replace(ARCHITECTURES[architecture])
