"""Looking at what an encoder does, by displays in scikit-learn's style.

A display holds what it shows; `plot` draws it, on axes of yours if you pass some. Needs Matplotlib
(``pip install sklearn_astromer[plot]``).
"""

from sklearn_astromer.inspection.attention import AttentionDisplay
from sklearn_astromer.inspection.embeddings import EmbeddingDisplay
from sklearn_astromer.inspection.few_shot import FewShotDisplay
from sklearn_astromer.inspection.periodogram import PeriodogramDisplay
from sklearn_astromer.inspection.reconstruction import ReconstructionDisplay
from sklearn_astromer.inspection.training_curve import TrainingCurveDisplay

__all__ = [
    "AttentionDisplay",
    "EmbeddingDisplay",
    "FewShotDisplay",
    "PeriodogramDisplay",
    "ReconstructionDisplay",
    "TrainingCurveDisplay",
]
