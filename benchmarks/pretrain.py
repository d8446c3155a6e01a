"""Train the bundled encoders with own periods from scratch.

    python benchmarks/pretrain.py --out runs/periods
    python benchmarks/pretrain.py --out runs/unlabelled --no-labels ...   # no class is seen
    python benchmarks/pretrain.py --out runs/crts --surveys crts ...      # ASAS is never seen
    python benchmarks/pretrain.py --out runs/four --begin-with runs/periods/encoder \
        --surveys asas crts ogle_cepheids stripe82 --minutes 76 ... --install surveys-periods

The training part of each survey (see `realdata.part`) and simulated stars on many cadences. Of each
curve random parts are drawn beside the whole, thinned or consecutive, half of them with at most 40
observations, each with a periodogram of its own: so the network knows short curves, and wrong
peaks. The loss is masked reconstruction (smooth L1, in units of the window's deviation) and, unless
``--no-labels``, the class of the star by a head on mean and deviation of the vectors, which is
thrown away. A killed run goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import shlex
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from joblib import Memory, Parallel, delayed
from numpy.typing import NDArray
from realdata import load, part
from simulated import simulated_stars
from torch import Tensor, nn

from sklearn_astromer import weights
from sklearn_astromer.config import ARCHITECTURES
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.statistics import summarise
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.visible import moments
from sklearn_astromer.periodogram import Peaks, find_peaks
from sklearn_astromer.weights.checkpoint import Checkpoint, write_folder
from sklearn_astromer.weights.record import origin

BUNDLED = Path(__file__).parents[1] / "sklearn_astromer" / "weights" / "bundled"
SIMULATED, SIMULATED_STARS = "simulated", 6000
LEFT_OUT = {"", "ECL"}  # no class, and one without a settled sub-type
FEWEST_OF_A_CLASS = 20
SHORT = 40  # observations at most in half of the parts
OFTEN = {SIMULATED: 0.7, "ogle_cepheids": 2.0}  # how often stars are drawn, if not once
WIDTHS = (64, 128, 200)  # to which windows are padded
WARM_UP = 300  # steps
HEAD_UNITS = 256


def catalog(
    surveys: list[str], most: int
) -> tuple[LightCurves, NDArray[np.str_], NDArray[np.str_]]:
    """Return the training curves, at most `most` of a class, their labels and surveys."""
    rng = np.random.RandomState(0)
    curves, labels, of = [], [], []
    for survey in surveys:
        all_curves, all_labels = load(survey)
        kept = np.flatnonzero((part(all_curves) == "train") & (all_curves.lengths >= 12))
        for name in np.unique(all_labels):
            dropped = rng.permutation(kept[all_labels[kept] == name])[most:]
            kept = np.setdiff1d(kept, dropped)
        curves.append(all_curves[kept])
        labels.append(all_labels[kept])
        of.append(np.full(len(kept), survey))
    stars, names = simulated_stars(SIMULATED_STARS, rng)
    return (
        LightCurves.concatenate([*curves, stars]),
        np.concatenate([*labels, names]),
        np.concatenate([*of, np.full(len(stars), SIMULATED)]),
    )


def drawn(
    curves: LightCurves, draws: int, rng: np.random.RandomState
) -> tuple[LightCurves, NDArray[Any]]:
    """Return each curve whole and `draws` parts of it, and the object of each."""
    arrays, owner = [], []
    for i, curve in enumerate(curves):
        n = len(curve)
        arrays.append(curve)
        for _ in range(draws):
            most = min(n, SHORT) if rng.rand() < 1 / 2 else n
            k = int(np.exp(rng.uniform(np.log(8), np.log(most + 1))))
            if rng.rand() < 0.5:
                start = rng.randint(n - k + 1)
                arrays.append(curve[start : start + k])
            else:
                arrays.append(curve[np.sort(rng.choice(n, k, replace=False))])
        owner += [i] * (draws + 1)
    return LightCurves.from_arrays(arrays), np.array(owner)


def periodograms(curves: LightCurves, device: torch.device, cache: Path) -> list[Peaks]:
    """Return the peaks of successive curves, on CPUs by one process a core; keep them on disk."""
    config = ARCHITECTURES["periods"]
    kept = Memory(cache, verbose=0).cache(find_peaks)
    n_slices = len(curves) // 2000 + 1 if device.type == "cpu" else 1
    edges = np.linspace(0, len(curves), n_slices + 1).astype(int)
    return Parallel(n_jobs=-1 if n_slices > 1 else 1, verbose=5)(
        delayed(kept)(
            curves[a:b], config.own_periods, max_frequency=config.max_frequency, device=device
        )
        for a, b in itertools.pairwise(edges)
    )


class Batches:
    """Windows of random parts of curves, made on the device.

    Parameters
    ----------
    curves : LightCurves
        Whole curves and parts of them.
    owner : ndarray of shape (n_curves,)
        The object of each.
    share : ndarray of shape (n_curves,)
        How often each is drawn.
    observations : int
        In a step.
    cache : Path
        A folder for the periodograms, which a killed run need not find again.
    """

    def __init__(
        self,
        curves: LightCurves,
        owner: NDArray[Any],
        share: NDArray[Any],
        observations: int,
        device: torch.device,
        cache: Path,
    ) -> None:
        peaks = periodograms(curves, device, cache)
        self.device, self.observations = device, observations
        self.owner = torch.from_numpy(owner).to(device)
        self.frequency = torch.from_numpy(np.concatenate([p.frequency for p in peaks])).to(device)
        self.spectrum = torch.from_numpy(np.concatenate([p.spectrum for p in peaks])).to(device)
        self.length = torch.from_numpy(curves.lengths).to(device)
        self.start = torch.from_numpy(curves.offsets[:-1].copy()).to(device)
        centre = np.add.reduceat(curves.time, curves.offsets[:-1]) / curves.lengths
        time = curves.time - np.repeat(centre, curves.lengths)
        self.time = torch.from_numpy(time).to(device)
        self.mag = torch.from_numpy(curves.mag.astype(np.float32)).to(device)
        assert curves.mag_err is not None
        self.err = torch.from_numpy(np.nan_to_num(curves.mag_err).astype(np.float32)).to(device)
        bucket = np.searchsorted(WIDTHS, np.minimum(curves.lengths, WIDTHS[-1]))
        self.pools = []
        for b in range(len(WIDTHS)):
            members = np.flatnonzero((bucket == b) & (share > 0))
            self.pools.append((members, share[members] / share[members].sum()))
        weight = np.array([share[bucket == b].sum() * w for b, w in enumerate(WIDTHS)])
        self.chance = weight / weight.sum()

    def draw(
        self, rng: np.random.Generator, jitter: float
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Return what the network sees, the hidden magnitudes in it, and the objects."""
        b = int(rng.choice(len(WIDTHS), p=self.chance))
        width, (members, chance) = WIDTHS[b], self.pools[b]
        n = self.observations // width
        chosen = torch.from_numpy(rng.choice(members, n, p=chance)).to(self.device)

        def random(*shape: int) -> Tensor:
            return torch.rand(shape, device=self.device)

        length = self.length[chosen]
        start = (random(n) * (length - width + 1).clamp(min=1)).long()
        column = torch.arange(width, device=self.device)
        real = column < (length - start)[:, None]
        where = (self.start[chosen] + start)[:, None] + torch.where(real, column, 0)
        # half of the windows lose up to half of their observations
        share = torch.where(random(n, 1) < 0.5, random(n, 1), 1.0).clamp(min=0.5)
        order = random(n, width).masked_fill(~real, 2.0)
        mask = real & ((order < share) | (order == order.amin(1, keepdim=True)))
        count = mask.sum(1, keepdim=True)
        time = self.time[where]
        time = time - (time * mask).sum(1, keepdim=True) / count
        time = time * torch.where(random(n, 1) < 0.5, -1.0, 1.0)
        noise = torch.where(random(n, 1) < 0.3, random(n, 1) * jitter, 0.0)
        mag = self.mag[where] + noise * self.err[where] * torch.randn_like(self.mag[where])
        mag = (mag - (mag * mask).sum(1, keepdim=True) / count) * mask
        turns = time[..., None] * self.frequency[chosen][:, None] / 2
        turns = turns + random(n, 1, turns.shape[-1])
        # hidden: nothing, observations at random, or a run of them
        fraction = torch.where(random(n, 1) < 0.2, 0.0, 0.1 + 0.5 * random(n, 1))
        run = (mask.cumsum(1) / count - random(n, 1)) % 1.0
        hidden = torch.where(random(n, 1) < 0.3, run, random(n, width)) < fraction
        hidden = hidden & mask
        hidden = hidden & (mask & ~hidden).any(1, keepdim=True)
        seen = {
            "time": ((time + 50 * (2 * random(n, 1) - 1)) * mask).float(),
            "mag": mag,
            "mask": mask,
            "hidden": hidden,
            "phase": (turns % 1).float(),
            "spectrum": self.spectrum[chosen],
        }
        return seen, mag, self.owner[chosen]


class Classes:
    """The classes of each survey, and a head that tells them."""

    def __init__(
        self, labels: NDArray[np.str_], surveys: NDArray[np.str_], device: torch.device
    ) -> None:
        names = np.char.add(np.char.add(surveys, ":"), labels)
        self.names = [
            name
            for name, count in zip(*np.unique(names, return_counts=True), strict=True)
            if count >= FEWEST_OF_A_CLASS and name.split(":")[1] not in LEFT_OUT
        ]
        target = np.full(len(names), -1)
        for i, name in enumerate(self.names):
            target[names == name] = i
        count = np.bincount(target[target >= 0])
        of = np.array([name.split(":")[0] for name in self.names])
        weight = count**-0.5
        for survey in np.unique(of):  # a mean of 1 in each survey
            own = of == survey
            weight[own] *= count[own].sum() / (weight[own] * count[own]).sum()
        self.target = torch.from_numpy(target).to(device)
        self.weight = torch.from_numpy(weight).float().to(device)
        self.allowed = torch.from_numpy(surveys[:, None] == of).to(device)
        self.head = nn.Sequential(
            nn.Linear(2 * ARCHITECTURES["periods"].d_model, HEAD_UNITS),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(HEAD_UNITS, len(self.names)),
        ).to(device)

    def loss(self, vectors: Tensor, keys: Tensor, objects: Tensor) -> Tensor:
        """Return the cross-entropy; half of the windows show the mean of the vectors alone."""
        weight = keys.float().unsqueeze(-1)
        mean = (vectors * weight).sum(1) / weight.sum(1)
        deviation = ((vectors - mean.unsqueeze(1)) ** 2 * weight).sum(1) / weight.sum(1)
        shown = (torch.rand(len(mean), 1, device=mean.device) < 0.5).float()
        logits = self.head(torch.cat([mean, (deviation + 1e-6).sqrt() * shown], 1)).float()
        logits = logits.masked_fill(~self.allowed[objects], -30.0)
        target = self.target[objects]
        known = target >= 0
        each = F.cross_entropy(logits, target.clamp(min=0), self.weight, reduction="none")
        total = (self.weight[target.clamp(min=0)] * known).sum()
        return (each * known).sum() / total.clamp(min=1)


def train(args: argparse.Namespace) -> tuple[Astromer, dict[str, Any]]:
    """Train until `args.minutes` have passed, interruptions not counted."""
    device = torch.device(args.device)
    curves, labels, surveys = catalog(args.surveys, args.most)
    if args.limit:
        kept = np.random.RandomState(0).permutation(len(curves))[: args.limit]
        curves, labels, surveys = curves[kept], labels[kept], surveys[kept]
    parts, owner = drawn(curves, args.draws, np.random.RandomState(0))
    whole = np.arange(len(parts)) % (args.draws + 1) == 0
    often = np.array([OFTEN.get(str(survey), 1.0) for survey in surveys])
    share = np.where(whole, 0.5, 0.5 / args.draws) * often[owner]
    cache = args.out / "periodograms"
    batches = Batches(parts, owner, share, args.observations, device, cache)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    config = dataclasses.replace(ARCHITECTURES["periods"], dropout=0.0 if args.no_labels else 0.05)
    network = Astromer(config).to(device)
    begun_with = None
    if args.begin_with:
        checkpoint = weights.load(args.begin_with)
        begun_with = origin(args.begin_with, checkpoint.info)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.tensors.items()})
    classes = None if args.no_labels else Classes(labels, surveys, device)
    modules = [network] if classes is None else [network, classes.head]
    parameters = [p for m in modules for p in m.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1]},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        weight_decay=0.02 if args.no_labels else 0.05,
        betas=(0.9, 0.98),
        fused=True,
    )
    step, windows, passed, log = 0, 0, 0.0, []
    state = args.out / "state.pt"
    if state.exists():
        kept_state = torch.load(state, map_location=device, weights_only=True)
        for module, values in zip(modules, kept_state["modules"], strict=True):
            module.load_state_dict(values)
        optimiser.load_state_dict(kept_state["optimiser"])
        step, windows, passed = (kept_state[k] for k in ("step", "windows", "passed"))
        rng = np.random.default_rng(step)
    begun = written = time.time()
    while (done := (passed + time.time() - begun) / (60 * args.minutes)) < 1:
        for group in optimiser.param_groups:
            cosine = 0.49 * (1 + math.cos(math.pi * done)) + 0.02
            group["lr"] = args.learning_rate * min(1, (step + 1) / WARM_UP) * cosine
        seen, mag, objects = batches.draw(rng, 0.3 if args.no_labels else 0.5)
        keys, hidden = seen["mask"] & ~seen["hidden"], seen["hidden"]
        with torch.autocast(device.type, dtype=torch.bfloat16):
            vectors = network.encoder(**seen)
            restored = network.decoder(vectors)
            mean, scale = moments(mag, keys)
            target = ((mag - mean) / scale).clamp(-5, 5)
            wrong = F.smooth_l1_loss(restored.float(), target, reduction="none")
            masked = (wrong * hidden).sum() / hidden.sum().clamp(min=1)
            loss = masked
            if classes is not None:
                loss = loss + classes.loss(vectors.float(), keys, objects)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step, windows = step + 1, windows + len(mag)
        log.append(torch.stack([masked.detach(), loss.detach()]))
        if step % 250 == 0:
            of_hidden, all_ = torch.stack(log[-250:]).mean(0).tolist()
            print(f"step {step}: masked {of_hidden:.4f}, loss {all_:.4f}, {done:.0%}", flush=True)
        if time.time() - written > 120:
            written = time.time()
            partial = state.with_suffix(".partial")
            kept_state = {
                "modules": [m.state_dict() for m in modules],
                "optimiser": optimiser.state_dict(),
                **{"step": step, "windows": windows, "passed": passed + written - begun},
            }
            torch.save(kept_state, partial)
            partial.replace(state)
    info = {
        "data": f"training parts of {', '.join(args.surveys)}, and simulated stars",
        "training": {
            "objective": "masked reconstruction" + ("" if args.no_labels else ", and classes"),
            "labels": classes is not None,
            **summarise(curves),
            "begun_with": begun_with,
            "version": version("sklearn_astromer"),
        },
        "licence": "MIT",
        "steps": step,
        "windows": windows,
        "minutes": args.minutes,
        "masked_loss": torch.stack(log[-250:]).mean(0)[0].item(),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        "command": "python benchmarks/pretrain.py " + shlex.join(sys.argv[1:]),
    }
    return network.cpu().eval(), info


def main() -> None:
    """Train, and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--surveys", nargs="+", default=["asas", "crts"])
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--begin-with", help="weights to go on from, a name or folder")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--observations", type=int, default=512 * 200, help="in a step")
    parser.add_argument("--most", type=int, default=5000, help="objects of a class")
    parser.add_argument("--draws", type=int, default=10, help="parts of each curve")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--no-labels", action="store_true", help="masked reconstruction alone")
    parser.add_argument("--limit", type=int, help="objects, to try the script")
    parser.add_argument("--install", metavar="NAME", help="copy the result into the package")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    network, info = train(args)
    config = network.encoder.config.get_params() | {"window_size": WIDTHS[-1], "dropout": 0.0}
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    write_folder(args.out / "encoder", Checkpoint(config, tensors, info))
    if args.install:
        write_folder(BUNDLED / args.install, Checkpoint(config, tensors, info))


if __name__ == "__main__":
    main()
