"""The order of the examples."""

from sphinx_gallery.sorting import ExplicitOrder


class ByUse(ExplicitOrder):
    """From what is needed first to what is needed seldom; new ones come last."""

    def __init__(self, folder: str) -> None:
        names = (
            "five_minutes periods regression folder_of_files rubin_fluxes few_shot active_learning "
            "fine_tuning similarity_and_anomalies multi_band reconstruction_and_attention"
        )
        super().__init__([*(f"plot_{name}.py" for name in names.split()), "*"])
