"""Several processes that train one network, by Accelerate."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclasses.dataclass(frozen=True)
class Processes:
    """How many processes train together, and which of them this is."""

    rank: int = 0
    count: int = 1

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes, without a gradient."""
        value = value.detach().clone()
        if self.count > 1:
            torch.distributed.all_reduce(value)
        return value


def make_accelerator() -> Accelerator:
    """Return the accelerator of this process, as `accelerate launch` configured it.

    Raises
    ------
    ImportError
        If Accelerate is not installed.
    """
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError as error:
        raise ImportError(
            "device='accelerate' needs Accelerate: pip install sklearn_astromer[accelerate]"
        ) from error
    # a batch of windows of one observation hides nothing, and leaves the mask token out
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(device_placement=False, kwargs_handlers=[unused])
