"""What this machine's processor can do; decided once, so that results do not change."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch

CAPABILITIES: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
X86 = platform.machine() in ("x86_64", "AMD64")

# Without instructions for it, bfloat16 takes three times as long as float32. Before torch 2.9 the
# capabilities are not known, and there is no warning.
SLOW_BFLOAT16 = X86 and not any(CAPABILITIES.get(k, True) for k in ("avx512_bf16", "amx_bf16"))

# MKL, to which torch leaves products in float32, does without AVX-512 on processors of AMD. By the
# maker and not by a measurement, whose result could change from run to run.
_CPUINFO = Path("/proc/cpuinfo")
MAKER = _CPUINFO.read_text()[:1000] if _CPUINFO.exists() else platform.processor()
HALF_USED_BY_MKL = "AuthenticAMD" in MAKER and torch.backends.cpu.get_cpu_capability() == "AVX512"
