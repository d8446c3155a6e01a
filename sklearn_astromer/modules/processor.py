"""What this machine's processor is good at; decided once, so that results do not change."""

from __future__ import annotations

import platform
from typing import Any

import torch

CAPABILITIES: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
X86 = platform.machine() in ("x86_64", "AMD64")

# torch sends float32 products to MKL, which leaves more than half of an AMD processor unused;
# oneDNN, which torch brings along for its compiler, does not.
ONEDNN = (
    X86
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)
QUICK_MKL = torch.backends.mkl.is_available() and "Intel" in CAPABILITIES.get("cpu_name", "")  # type: ignore[no-untyped-call]

# oneDNN computes in bfloat16 on any processor with AVX-512, but without instructions for it takes
# three times as long as in float32. Before torch 2.9 there is no telling.
BFLOAT16 = ONEDNN and torch.ops.mkldnn._is_mkldnn_bf16_supported()
SLOW_BFLOAT16 = X86 and not any(CAPABILITIES.get(k, True) for k in ("avx512_bf16", "amx_bf16"))
