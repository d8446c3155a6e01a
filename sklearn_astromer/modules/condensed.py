"""An encoder to infer by, whose products are as narrow as what goes into them."""

from __future__ import annotations

import copy
import math
from typing import Any, TypeVar
from weakref import WeakKeyDictionary
from zlib import crc32

import torch
from torch import Tensor, nn

from sklearn_astromer.modules.encoder import Block, Encoder
from sklearn_astromer.modules.linear import Linear
from sklearn_astromer.modules.norm import LayerNorm

# Times (days from the mean of a window) up to which channels that turn by less than `TURN` are
# polynomials of `DEGREE`, fitted at `NODES` times: to 1e-5 of the channel.
REACH, TURN, DEGREE, NODES = 4e3, 10.0, 20, 64
MULTIPLE = 16  # Widths that suit a processor are such.

Module = TypeVar("Module", bound=nn.Module)

# What was made of an encoder last, and of which numbers: making it takes as long as a curve.
_MADE: WeakKeyDictionary[Encoder, tuple[Any, Condensed]] = WeakKeyDictionary()


def condensed(encoder: Encoder, dtype: torch.dtype) -> Encoder | Condensed:
    """Return what gives the last block's output in less time.

    That is the encoder itself, if it has residuals or is training.
    """
    if encoder.config.residual or encoder.training:
        return encoder
    numbers = [crc32(p.detach().contiguous().numpy().data) for p in encoder.parameters()]
    made = _MADE.get(encoder)
    if made is None or made[0] != (dtype, numbers):
        made = _MADE[encoder] = (dtype, numbers), Condensed(encoder, dtype)
    return made[1]


class Condensed(nn.Module):
    """Last output of an encoder without residuals, by products as narrow as their inputs.

    What a linear layer gives to a LayerNorm has no more dimensions than it was given, and one for
    the bias. So the two of a feed-forward layer and the product that follows are turned into a
    basis of these, in which the mean is 0 beforehand; scale, shift and mean become weights and
    biases. That is exact but for rounding.

    In bfloat16 scales and shifts of the other norms become weights and biases, too, for float32
    biases lose nothing; in float32 it would hardly do more than round weights anew. The
    first product does not take the slow channels of the positional encoding one by one either,
    most of which are straight lines: it takes the polynomials that make them.

    Hooks on the encoder do not see what happens here, and those on its blocks see other vectors.

    Parameters
    ----------
    encoder : Encoder
        Without residuals. Its parameters must not change as long as this is used.
    dtype : torch.dtype
        In which its products will be computed.
    """

    def __init__(self, encoder: Encoder, dtype: torch.dtype) -> None:
        super().__init__()
        layers = list(encoder.layers)
        rounded = dtype == torch.bfloat16
        for i, block in enumerate(layers if rounded else []):
            attention = block.attention
            out, norm, ffn_in = _between(attention.out, block.norm1, block.ffn_in)
            attention = _with(attention, out=out)
            layers[i] = _with(block, attention=attention, norm1=norm, ffn_in=ffn_in)
        for i in range(len(layers) - 1):
            block, following = layers[i : i + 2]
            attention = following.attention
            out, norm, qkv = _between(block.ffn_out, block.norm2, attention.qkv)
            # rounding errors of the first block grow in those after it; see `SelfAttention`
            layers[i] = _with(block, ffn_out=_Float32(out) if i == 0 else out, norm2=norm)
            layers[i + 1] = _with(following, attention=_with(attention, qkv=qkv))
        self.encoder = _with(encoder)  # not itself, which may be gone before this is
        self.first, *others = layers
        self.others = nn.ModuleList(others)
        self.times: Times | None = None
        if rounded and encoder.time is None and Times.narrows(encoder):
            self.times = Times(encoder)
            attention = self.first.attention
            qkv = _after(attention.qkv, self.times.basis, self.times.constant)
            self.of_times: Block = _with(self.first, attention=_with(attention, qkv=qkv))

    def all_layers(self, time: Tensor, mag: Tensor, mask: Tensor | None = None) -> list[Tensor]:
        """Return the output of the last block alone, see `Encoder.forward`."""
        return [self(time, mag, mask)]

    def forward(self, time: Tensor, mag: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attention vectors, see `Encoder.forward`."""
        x = self._after_first(time, mag, mask)
        for block in self.others:
            x = block(x, mask)
        return x

    def _after_first(self, time: Tensor, mag: Tensor, mask: Tensor | None) -> Tensor:
        if self.times is None:
            out: Tensor = self.first(self.encoder.embed(time, mag, mask)[0], mask)
            return out
        near = time.abs().amax(1) <= REACH
        if near.all():
            out = self.of_times(self.times(time, mag), mask)
            return out
        # each window by itself, for its neighbours are to change nothing
        parts = [(~near, self.first, self.encoder.embed(time[~near], mag[~near])[0])]
        if near.any():
            parts.append((near, self.of_times, self.times(time[near], mag[near])))
        found = [(of, block(x, None if mask is None else mask[of])) for of, block, x in parts]
        out = found[0][1].new_empty(*time.shape, found[0][1].shape[2])
        for of, vectors in found:
            out[of] = vectors
        return out


class _Float32(nn.Module):
    """A linear layer in float32, within autocast, too."""

    def __init__(self, linear: Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            out: Tensor = self.linear(x.float())
            return out


class Times(nn.Module):
    """Time and magnitude to what spans the encoder's inputs, but for a constant.

    These are the fast channels of the positional encoding, Chebyshev's polynomials of the time,
    and the magnitude.

    Parameters
    ----------
    encoder : Encoder

    Attributes
    ----------
    basis : float64 Tensor of shape (d_model, k)
        The inputs of the encoder are ``basis @ x + constant``.
    constant : float64 Tensor of shape (d_model,)
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        positional, magnitude = encoder.positional, encoder.magnitude
        even, odd = _fast(positional.even), _fast(positional.odd)
        self.even, self.odd = positional.even[even], positional.odd[odd]
        self.orders = torch.arange(1, DEGREE + 1, dtype=torch.float32)
        n_even, n = len(self.even), len(self.even) + len(self.odd)
        self.basis = torch.zeros(encoder.config.d_model, n + DEGREE + 1, dtype=torch.float64)
        self.basis[:, -1] = magnitude.weight.detach()[:, 0].double()
        self.constant = magnitude.bias.detach().to(torch.float64, copy=True)
        # sines and cosines take turns
        of_sines, of_cosines = self.basis[0::2], self.basis[1::2]
        of_sines[even, :n_even] = torch.eye(n_even, dtype=torch.float64)
        of_cosines[odd, n_even:n] = torch.eye(n - n_even, dtype=torch.float64)
        angle = math.pi / NODES * (torch.arange(NODES, dtype=torch.float64).unsqueeze(1) + 0.5)
        phases = REACH * angle.cos()
        polynomials = (angle * torch.arange(DEGREE + 1)).cos() * (2 / NODES)
        polynomials[:, 0] /= 2
        sines = (phases * positional.even[~even].double()).sin().T @ polynomials
        cosines = (phases * positional.odd[~odd].double()).cos().T @ polynomials
        of_sines[~even, n:-1], of_cosines[~odd, n:-1] = sines[:, 1:], cosines[:, 1:]
        self.constant[0::2][~even] += sines[:, 0]
        self.constant[1::2][~odd] += cosines[:, 0]

    @staticmethod
    def narrows(encoder: Encoder) -> bool:
        """Whether these are fewer than the encoder's inputs."""
        positional = encoder.positional
        n = int(_fast(positional.even).sum() + _fast(positional.odd).sum())
        return n + DEGREE + 1 < encoder.config.d_model

    def forward(self, time: Tensor, mag: Tensor) -> Tensor:
        """Map two Tensors of shape (n_windows, L) to (n_windows, L, k), in float32."""
        sizes = [len(self.even), len(self.odd), DEGREE, 1]
        x = time.new_empty(*time.shape, sum(sizes))
        even, odd, polynomials, last = torch.split(x, sizes, dim=-1)
        time = time.unsqueeze(-1)
        torch.mul(time, self.even, out=even).sin_()
        torch.mul(time, self.odd, out=odd).cos_()
        torch.mul((time / REACH).acos_(), self.orders, out=polynomials).cos_()
        last.copy_(mag.unsqueeze(-1))
        return x


def _fast(rates: Tensor) -> Tensor:
    """Return which channels, of these radians per day, are no polynomials of low degree."""
    return rates * REACH > TURN


def _with(module: Module, **children: nn.Module) -> Module:
    """Return the module with other children, sharing the rest."""
    changed = copy.copy(module)
    changed._modules = {**module._modules, **children}
    return changed


def _between(
    linear: Linear, norm: LayerNorm, following: Linear
) -> tuple[Linear, nn.LayerNorm, Linear]:
    """Return what does the same as the three one after another, in as many dimensions as needed."""
    bias = linear.bias.detach().double().unsqueeze(1)
    given = torch.cat([linear.weight.detach().double(), bias], 1)
    given -= given.mean(0)  # the mean of what is given to the norm, which takes it away
    axes = torch.eye(len(given), dtype=torch.float64)
    d, rank = given.shape
    width = math.ceil((rank + 1) / MULTIPLE) * MULTIPLE  # one axis is for the mean
    if width < d:
        axes, given = torch.linalg.qr(given)
        # Of mean 0 again, and each new axis has a part of all: in bfloat16 rows of `macho` came
        # closer to float32's so than with the axes of qr, or of the singular values.
        spread = _hartley(width)[:, 1 : rank + 1]
        given = math.sqrt(width / d) * spread @ given
        axes = math.sqrt(d / width) * axes @ spread.T
    basis = norm.weight.detach().double().unsqueeze(1) * axes
    plain = nn.LayerNorm(len(given), eps=norm.eps, elementwise_affine=False)
    last = _after(following, basis, norm.bias.detach().double())
    return _linear(given[:, :-1], given[:, -1]), plain, last


def _after(linear: Linear, basis: Tensor, constant: Tensor) -> Linear:
    """Return the layer that does to x what `linear` does to ``basis @ x + constant``."""
    weight, bias = linear.weight.detach().double(), linear.bias.detach().double()
    return _linear(weight @ basis, weight @ constant + bias)


def _linear(weight: Tensor, bias: Tensor) -> Linear:
    linear = Linear(weight.shape[1], weight.shape[0], device="meta")  # no numbers are drawn
    linear.weight = nn.Parameter(weight.float().contiguous(), requires_grad=False)
    linear.bias = nn.Parameter(bias.float(), requires_grad=False)
    return linear


def _hartley(n: int) -> Tensor:
    """Return the matrix (n, n) of the discrete Hartley transform, orthogonal and symmetric."""
    order = torch.arange(n, dtype=torch.float64)
    angle = 2 * math.pi / n * order.unsqueeze(1) * order
    return (angle.cos() + angle.sin()) / math.sqrt(n)
