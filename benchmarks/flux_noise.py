"""Rows of noisy fluxes beside rows of the true magnitudes.

    make macho && python benchmarks/flux_noise.py

Simulated stars, the same noise on each observation: a part of the star's median flux. Fluxes become
asinh magnitudes; below a signal to noise of about 5 some are negative. The cosine of each star's
row with that of its magnitudes without noise, and with that of magnitudes of the same noise.
"""

from __future__ import annotations

import numpy as np
import report

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import make_variable_stars

STARS, SIGNAL_TO_NOISE = 210, (3, 5, 10, 30, 100)
WEIGHTS = ("surveys-periods", "surveys-periods-unlabelled", "surveys-small", "macho")


def noisy(curves: LightCurves, ratio: float) -> tuple[LightCurves, LightCurves, float]:
    """Return curves of fluxes, of magnitudes of the same noise, and the share of fluxes below 0."""
    parts = np.split(curves.mag, curves.offsets[1:-1])
    level = np.repeat([np.median(part) for part in parts], curves.lengths)
    flux = 10 ** (-0.4 * (curves.mag - level))
    noise = np.random.default_rng(0).normal(0, 1 / ratio, len(flux))
    error = np.full(len(flux), 1 / ratio)
    of_flux = LightCurves.from_flux(curves.time, flux + noise, error, offsets=curves.offsets)
    sigma = 1.0857 * error / flux
    of_mag = LightCurves(
        curves.time, curves.mag - sigma * noise * ratio, sigma, offsets=curves.offsets
    )
    return of_flux, of_mag, float((flux + noise < 0).mean())


def main() -> None:
    """Print the table, write the JSON."""
    curves, _ = make_variable_stars(STARS, random_state=0)
    lines, figures = [], []
    for weights in WEIGHTS:
        embedder = AstromerEmbedder(weights, row=("mean", "std")).fit(curves)
        true = embedder.transform(curves)
        for ratio in SIGNAL_TO_NOISE:
            of_flux, of_mag, negative = noisy(curves, ratio)
            found = embedder.transform(of_flux)
            assert np.isfinite(found).all()
            figure = {"weights": weights, "signal_to_noise": ratio, "negative_share": negative}
            for name, other in (("truth", true), ("same_noise", embedder.transform(of_mag))):
                cosine = (found * other).sum(1) / np.linalg.norm(found, axis=1)
                cosine /= np.linalg.norm(other, axis=1)
                figure |= {
                    f"{name}_median": float(np.median(cosine)),
                    f"{name}_tenth": float(np.quantile(cosine, 0.1)),
                }
            figures.append(figure)
            cells = [
                f"{v:.4f}" for k, v in figure.items() if k not in ("weights", "signal_to_noise")
            ]
            lines.append([weights, str(ratio), *cells])
    header = ["weights", "S/N", "fluxes < 0", "to truth, median", "10th percentile"]
    header += ["to the same noise, median", "10th percentile"]
    print(report.table(header, lines))
    report.write("flux_noise", figures)


if __name__ == "__main__":
    main()
