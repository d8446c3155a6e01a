"""An encoder that is told bands, and one that is not, trained by the same steps."""

from __future__ import annotations

import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from joint_parts import PARTS, Tokens, prepared, sequences
from numpy.typing import NDArray
from simulated import BANDS
from torch import Tensor, nn

from sklearn_astromer.inference.networks import make_network
from sklearn_astromer.modules.heads import MomentsHead
from sklearn_astromer.modules.visible import moments, visible
from sklearn_astromer.training.labels import LabelLoss, Labels, read_labels

WAYS = ("joint", "side by side")
BATCH, FARTHEST = 32, 5.0
RATES, WARMUP, MINUTES = {"network": 3e-4, "band": 1e-3, "head": 1e-3}, 100, 2
FEWEST, VISIBLE = 80, 5  # parts of a class; observations from which others are restored


class Network(nn.Module):
    """The encoder, what tells it the band of an observation, and a head that reads the class."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.network = make_network("surveys-periods", None, dropout=0.05)[0]  # type: ignore[arg-type]
        width = self.network.encoder.config.d_model
        self.band = nn.Sequential(
            nn.Linear(5, 64, bias=False), nn.GELU(), nn.Linear(64, width, bias=False)
        )
        nn.init.zeros_(self.band[2].weight)  # type: ignore[arg-type]
        self.head = MomentsHead(width, n_classes, 256, 0.2)

    def vectors(self, seen: dict[str, Tensor]) -> Tensor:
        """Return the attention vectors."""
        encoder = self.network.encoder
        names = ("time", "mag", "mask", "hidden", "phase", "spectrum")
        x, keys = encoder.embed(*(seen[name] for name in names))
        x = x + self.band(seen["bands"])
        for layer in encoder.layers:
            x = layer(x, keys)
        assert encoder.norm is not None
        return encoder.norm(x)

    def forward(self, pieces: list[dict[str, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sum of the loss of what is hidden, its number, and the head's output."""
        lost, n, output = zip(*map(self.learned, pieces), strict=True)
        return torch.stack(lost).sum(), torch.stack(n).sum(), torch.cat(output)

    def learned(self, seen: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return what `forward` does, of one piece."""
        vectors = self.vectors(seen)
        mag, mask, hidden = seen["mag"], seen["mask"], seen["hidden"]
        keys = visible(mask, hidden)
        centre, scale = moments(mag, keys)
        restored = self.network.reconstruct(vectors, mag, mask, hidden)
        target = ((mag - centre) / scale).clamp(-FARTHEST, FARTHEST)
        lost = F.smooth_l1_loss((restored - centre) / scale, target, reduction="none")
        read = self.head.reduce([vectors], keys)
        if self.training:  # half of them show no deviation, so that the mean tells as well
            mean, deviation = read.chunk(2, dim=1)
            read = torch.cat([mean, deviation * (torch.rand(len(read), 1) < 0.5)], dim=1)
        asked = hidden & (
            (mask & ~hidden).sum(1, keepdim=True) >= VISIBLE
        )  # of 2 a deviation is none
        return (lost * asked).sum(), asked.sum(), self.head.output(read)


def trained(folder: Path, steps: int) -> tuple[dict[str, Network], list[dict[str, Any]]]:
    """Train both networks in turns, or go on; return them and what was noted on the way."""
    torch.set_num_threads(1)
    tokens, valid = prepared(folder, "train"), prepared(folder, "valid")
    labels = labels_of(tokens)
    torch.manual_seed(0)
    networks = {way: Network(labels.n_outputs) for way in WAYS}
    networks[WAYS[1]].load_state_dict(networks[WAYS[0]].state_dict())
    optimizers = {way: optimizer_of(network) for way, network in networks.items()}
    state: dict[str, Any] = {"step": 0, "history": [], "seconds": dict.fromkeys(WAYS, 0.0)}
    path, loss = folder / "state.pt", LabelLoss(labels)
    if path.exists():
        state = torch.load(path, weights_only=False)
        for way in WAYS:
            networks[way].load_state_dict(state["networks"][way])
            optimizers[way].load_state_dict(state["optimizers"][way])
    pools = -(-len(labels.target) // BATCH)
    written, sums = time.monotonic(), dict.fromkeys(WAYS, np.zeros(3))
    while (step := state["step"]) < steps:
        rows = batches(tokens.length, step // pools)[step % pools]
        rate = min((step + 1) / WARMUP, 0.5 + 0.5 * np.cos(np.pi * step / steps))
        for way in WAYS:
            start, network = time.monotonic(), networks[way].train()
            for group in optimizers[way].param_groups:
                group["lr"] = rate * group["most"]
            torch.manual_seed(step)
            seen, star = sequences(tokens.of(rows), way == "joint", [0, step])
            lost, n, output = network(seen)
            each, weight = loss(output, torch.from_numpy(labels.target[rows][star]))
            weight = weight / torch.from_numpy(np.bincount(star)[star])
            terms = lost / n.clamp(min=1), (each * weight).sum() / weight.sum()
            optimizers[way].zero_grad()
            sum(terms).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizers[way].step()
            sums[way] = sums[way] + [*(float(x.detach()) for x in terms), 1]
            state["seconds"][way] += time.monotonic() - start
        state["step"] += 1
        if state["step"] % 100 == 0 or state["step"] == steps:
            for way in WAYS:
                train = sums[way][:2] / sums[way][2]
                note = {"step": state["step"], "way": way, "minutes": state["seconds"][way] / 60}
                note |= dict(zip(("train_loss", "train_label_loss"), train.tolist(), strict=True))
                if state["step"] % 400 == 0 or state["step"] == steps:
                    note |= followed(networks[way], valid, labels, way == "joint")
                state["history"].append(note)
                print(
                    {k: round(v, 4) if isinstance(v, float) else v for k, v in note.items()},
                    flush=True,
                )
            sums = dict.fromkeys(WAYS, np.zeros(3))
        if time.monotonic() - written > 60 * MINUTES or state["step"] == steps:
            state["networks"] = {way: networks[way].state_dict() for way in WAYS}
            state["optimizers"] = {way: optimizers[way].state_dict() for way in WAYS}
            torch.save(state, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
            written = time.monotonic()
    return networks, state["history"]


def optimizer_of(network: Network) -> torch.optim.Optimizer:
    """Return AdamW, with the rates of each part of the network."""
    groups = []
    for name, rate in RATES.items():
        own = list(getattr(network, name).parameters())
        for decay, some in (
            (0.05, [p for p in own if p.ndim > 1]),
            (0.0, [p for p in own if p.ndim < 2]),
        ):
            if some:
                groups.append({"params": some, "weight_decay": decay, "most": rate})
    return torch.optim.AdamW(groups, lr=0.0)


def batches(length: NDArray[np.int64], epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch, each of stars of similar length."""
    rng = np.random.default_rng(epoch)
    found = []
    for pool in np.split(
        rng.permutation(len(length)), np.arange(16 * BATCH, len(length), 16 * BATCH)
    ):
        pool = pool[np.argsort(length[pool], kind="stable")]
        found += np.split(pool, np.arange(BATCH, len(pool), BATCH))
    return [found[i] for i in rng.permutation(len(found))]


def labels_of(tokens: Tokens) -> Labels:
    """Return the labels of training parts, but those of rare classes."""
    names, count = np.unique(tokens.label, return_counts=True)
    names = np.array([x for x in names[count >= FEWEST] if not x.endswith(":")])
    known = [x if x in names else None for x in tokens.label.tolist()]
    return read_labels(np.array(known, dtype=object), len(known))


@torch.inference_mode()
def of_labels(
    network: Network, valid: Tokens, labels: Labels, joint: bool, change: str = ""
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each star's loss and weight; of a star's bands the mean of what the head says."""
    assert labels.classes is not None
    network.eval()
    where = {name: i for i, name in enumerate(labels.classes.tolist())}
    target = np.array([where.get(x, -1) for x in valid.label.tolist()])
    said = np.zeros((len(target), len(where)), np.float32)
    for rows in np.array_split(np.argsort(valid.length), -(-len(target) // BATCH)):
        seen, star = sequences(valid.of(rows), joint, change=change)
        output = network(seen)[2].numpy()
        np.add.at(said, rows[star], output / np.bincount(star)[star][:, None])
    each, weight = LabelLoss(labels)(torch.from_numpy(said), torch.from_numpy(target))
    return each.numpy(), weight.numpy()


@torch.inference_mode()
def followed(network: Network, valid: Tokens, labels: Labels, joint: bool) -> dict[str, float]:
    """Return the losses of validation parts."""
    total = np.zeros(2)
    for rows in np.array_split(np.argsort(valid.length), -(-len(valid.length) // BATCH)):
        lost, n, _ = network.eval()(sequences(valid.of(rows), joint, [1, int(rows[0])])[0])
        total += float(lost), float(n)
    each, weight = of_labels(network, valid, labels, joint)
    figures = {"valid_loss": float(total[0] / total[1])}
    for catalog in PARTS:
        own = np.char.startswith(valid.label, catalog) & (weight > 0)
        figures[f"valid_label_loss_{catalog}"] = float(np.average(each[own], weights=weight[own]))
    return figures


def looked_into(folder: Path, networks: dict[str, Network]) -> list[dict[str, Any]]:
    """Return the head's loss on validation parts of two bands and more, by observations a band.

    Of both networks, and of the joint one where something is taken from what it reads, see
    `sequences`.
    """
    valid, labels = prepared(folder, "valid"), labels_of(prepared(folder, "train"))
    owner = np.repeat(np.arange(len(valid.length)), valid.length)
    cell = np.unique(owner * len(BANDS) + valid.band)
    bands = np.bincount(cell // len(BANDS))
    a_band, found = valid.length / bands, []
    for way, change in ((WAYS[1], ""), *((WAYS[0], c) for c in ("", "apart", "turned", "untold"))):
        each, weight = of_labels(networks[way], valid, labels, way == WAYS[0], change)
        for catalog, (least, most) in product(PARTS, ((3, 8), (8, 16), (16, 61))):
            own = np.char.startswith(valid.label, catalog) & (weight > 0) & (bands > 1)
            own &= (a_band >= least) & (a_band < most)
            row = {"way": way, "change": change, "catalog": catalog, "observations": [least, most]}
            row |= {"parts": int(own.sum())}
            found.append(row | {"loss": float(np.average(each[own], weights=weight[own]))})
    return found
