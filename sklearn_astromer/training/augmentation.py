"""Other light curves of the same star: what training may show instead of a window itself."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from sklearn_astromer.training.recipes import USUAL

FEWEST = 0.5
LONGEST_SHIFT = 100.0

#: Which changes use the errors of observations.
OF_ERRORS = {"jitter", "noise"}


def augment(
    seen: dict[str, Tensor],
    generator: torch.Generator,
    changes: Collection[str] = USUAL,
    errors: Tensor | None = None,
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Leave out observations, let time run backwards, move it, add noise.

    ``"crop"`` keeps a run of 50 to 100 % of a window's observations, wherever it begins;
    ``"thin"`` 50 to 100 % of them, whichever (the share is drawn for the batch). At least one
    stays. ``"reverse"`` reverses half of the windows in time; ``"shift"`` moves each by up to 100
    days against its mean time, and its phases at random; ``"jitter"`` adds noise of the
    observations' errors to the magnitudes; ``"noise"`` up to half of that, in 3 of 10 windows, and
    none where there is no error. What stays is centred anew.

    Parameters
    ----------
    seen : dict of Tensors
        What ``WindowTensors.of`` gives; real observations come first.
    generator : torch.Generator
        On the device of the others.
    changes : collection of str
    errors : float32 Tensor of shape (n_windows, L), optional
        Magnitudes; needed by ``"jitter"`` and ``"noise"``.

    Returns
    -------
    seen, errors
        As they came, but shorter; in order of time, zero in the padding.
    """
    time, mag, mask, phase = seen["time"], seen["mag"], seen.get("mask"), seen.get("phase")
    device, n = mag.device, len(mag)

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    kept = torch.ones_like(mag, dtype=torch.bool) if mask is None else mask
    if "jitter" in changes:
        assert errors is not None
        mag = mag + errors * torch.randn(mag.shape, generator=generator, device=device)
    if "noise" in changes:
        assert errors is not None
        strength = torch.where(draw(n, 1) < 0.3, 0.5 * draw(n, 1), 0.0)
        noise = torch.randn(mag.shape, generator=generator, device=device)
        mag = mag + strength * errors * noise
    if "crop" in changes:
        count = kept.sum(1, keepdim=True)
        stay = (count * (FEWEST + (1 - FEWEST) * draw(1))).ceil().clamp(min=1)
        first = (draw(n, 1) * (count - stay + 1)).floor()
        column = torch.arange(mag.shape[1], device=device)
        kept = kept & (column >= first) & (column < first + stay)
    if "thin" in changes:
        order = draw(*mag.shape).masked_fill(~kept, 2.0)
        share = FEWEST + (1 - FEWEST) * draw(1)
        kept = kept & ((order < share) | (order == order.amin(1, keepdim=True)))
    if "reverse" in changes:
        sign = torch.where(draw(n, 1) < 0.5, -1.0, 1.0)
        time = time * sign
        phase = None if phase is None else phase * sign.unsqueeze(-1)
    move = LONGEST_SHIFT * (2 * draw(n, 1) - 1) if "shift" in changes else torch.zeros_like(mag[:1])
    if "shift" in changes and phase is not None:
        phase = phase + draw(n, 1, phase.shape[-1])

    order = time.masked_fill(~kept, float("inf")).argsort(dim=1, stable=True)
    order = order[:, : int(kept.sum(1).max())]
    time, mag, kept = (x.gather(1, order) for x in (time, mag, kept))
    count = kept.sum(1, keepdim=True)
    time, mag = ((x - (x * kept).sum(1, keepdim=True) / count) for x in (time, mag))
    time = (time + move[:, :1]) * kept
    errors = None if errors is None else errors.gather(1, order) * kept
    out = {k: v for k, v in seen.items() if k != "mask"} | {"time": time, "mag": mag * kept}
    if not kept.all():
        out["mask"] = kept
    if phase is not None:
        out["phase"] = phase.gather(1, order.unsqueeze(-1).expand(-1, -1, phase.shape[-1])) % 1
    return out, errors
