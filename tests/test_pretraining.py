"""The loss counts probed observations and nothing else."""

import numpy as np
import pytest
import torch

from sklearn_astromer.pretraining import ReconstructionRMSE


def test_rmse_of_the_probed():
    target = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    predicted = target + torch.tensor([[1.0, 9.0, 2.0], [9.0, 9.0, 9.0]])
    probed = torch.tensor([[True, False, True], [False, False, False]])
    assert ReconstructionRMSE()(
        predicted, {"mag": target, "probed": probed, "scale": torch.ones(2, 1)}
    ).item() == pytest.approx(np.sqrt(2.5))


@pytest.mark.parametrize("probed", [False, True])
def test_gradient_stays_finite_at_zero(probed):
    predicted = torch.ones(2, 3, requires_grad=True)
    loss = ReconstructionRMSE()(
        predicted,
        {"mag": torch.ones(2, 3), "probed": torch.full((2, 3), probed), "scale": torch.ones(2, 1)},
    )
    loss.backward()
    assert loss.item() < 1e-5
    assert predicted.grad.isfinite().all()
