"""What skops is to trust of this package."""

#: The types of this package in a file of ``skops.io.dump``. Each rebuilds itself from plain values
#: and arrays, by code of this package alone.
TRUSTED_TYPES = [
    "sklearn_astromer.classifier.AstromerClassifier",
    "sklearn_astromer.embedder.AstromerEmbedder",
    "sklearn_astromer.config.EncoderConfig",
    "sklearn_astromer.multiband.MultiBandEmbedder",
    "sklearn_astromer.regressor.AstromerRegressor",
    "sklearn_astromer.training.recipes.Recipe",
    "sklearn_astromer.variability.VariabilityFeatures",
]
