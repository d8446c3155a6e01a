"""The pretrained weights known by name: where they are, their licence and what to cite."""

from dataclasses import dataclass

__all__ = ["BEST", "WEIGHTS", "WeightsEntry"]

#: What estimators take unless told otherwise.
BEST = "surveys-periods"


@dataclass(frozen=True, kw_only=True)
class WeightsEntry:
    """Pretrained weights known by name.

    Parameters
    ----------
    name : str
        Key in `WEIGHTS`.
    description : str
        What the network was trained on.
    good_for : str
        When to choose them.
    licence : str
        Licence of the weights.
    citation : str
        What to cite when using them.
    bundled : bool
        Whether they are part of this package, in ``weights/bundled/<name>/``.
    url, sha256 : str or None
        The archive that is downloaded, and its SHA-256 in hexadecimal; None unless downloadable.
    unavailable : str or None
        Why they can be had nowhere, None if they can.
    """

    name: str
    description: str
    good_for: str
    licence: str
    citation: str
    bundled: bool = False
    url: str | None = None
    sha256: str | None = None
    unavailable: str | None = None


_PAPER = "Donoso-Oliva et al. 2023, A&A 670, A54, doi:10.1051/0004-6361/202243928"


def _unpublished(name: str, survey: str) -> WeightsEntry:
    return WeightsEntry(
        name=name,
        description=f"ASTROMER 1 for light curves of {survey}",
        good_for=f"light curves of {survey}",
        licence="not published",
        citation=_PAPER,
        unavailable="the paper names them, but its authors publish them nowhere today",
    )


WEIGHTS: dict[str, WeightsEntry] = {
    entry.name: entry
    for entry in (
        WeightsEntry(
            name="surveys-periods",
            description="6 layers of 128 channels with own periods, from scratch on ASAS, CRTS, "
            "OGLE, Stripe 82 and simulated stars: masked reconstruction and the classes of the "
            "stars together",
            good_for="classification of variable stars: the default",
            licence="MIT",
            citation="sklearn_astromer, and Donoso-Oliva et al. 2023 for the method",
            bundled=True,
        ),
        WeightsEntry(
            name="surveys-periods-unlabelled",
            description="the same network trained on ASAS, CRTS and simulated stars by masked "
            "reconstruction alone: no class was seen",
            good_for="results for which no label may have been seen",
            licence="MIT",
            citation="sklearn_astromer, and Donoso-Oliva et al. 2023 for the method",
            bundled=True,
        ),
        WeightsEntry(
            name="surveys-small",
            description="4 residual layers of 128 channels, from scratch on ASAS and CRTS: masked "
            "reconstruction and the classes of their stars together",
            good_for="speed: a small encoder without own periods",
            licence="MIT",
            citation="sklearn_astromer, and Donoso-Oliva et al. 2023 for the method",
            bundled=True,
        ),
        WeightsEntry(
            name="macho",
            description="ASTROMER 1 pretrained on R-band light curves of MACHO",
            good_for="comparisons with the literature: the paper's own weights",
            licence="MIT",
            citation=_PAPER,
            url="https://github.com/astromer-science/weights/raw/main/macho_a0.zip",
            sha256="76a204a37a0d47bfd722477f55231624c0c56cf9eea3369b5f22ff445d95158b",
        ),
        # Name and checksum of the file are those that public projects using it have pinned (the MD5
        # of the same pin is that of the Zenodo record); it has not been read here yet.
        WeightsEntry(
            name="macho-v2",
            description="ASTROMER 2, 6 layers, pretrained on light curves of MACHO",
            good_for="comparisons with ASTROMER 2; not yet tested with the published file",
            licence="MIT",
            citation="Donoso-Oliva et al. 2026, A&A 707, A170, and doi:10.5281/zenodo.18207945",
            url="https://zenodo.org/records/18207945/files/pt_macho_v2_2025.zip",
            sha256="f06d68fc2b421efd5b2177daa943937f5f741242d94b2110b2a404fe79636bff",
        ),
        _unpublished("ogle", "OGLE-III"),
        _unpublished("atlas", "ATLAS"),
    )
}
"""Name to entry; `sklearn_astromer.weights.load` takes the names that are not unavailable."""
