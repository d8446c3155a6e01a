"""What this machine's processor can do; decided once, so that results do not change."""

from __future__ import annotations

import platform
from typing import Any

import torch

CAPABILITIES: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
X86 = platform.machine() in ("x86_64", "AMD64")

# torch leaves float32 products to MKL, which uses less than half of an AMD processor
ONEDNN = (
    X86
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)

# Without instructions for it, bfloat16 takes three times as long as float32. Before torch 2.9 the
# capabilities are not known, and there is no warning.
SLOW_BFLOAT16 = X86 and not any(CAPABILITIES.get(k, True) for k in ("avx512_bf16", "amx_bf16"))
