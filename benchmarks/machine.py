"""The environments that are measured, and what there is to say of a machine.

OpenBLAS picks its kernel by the processor unless `OPENBLAS_CORETYPE` names another, and blocks its
products for the cache that `OPENBLAS_L2_SIZE` gives. Both change products by a factor of two, so
everything is measured twice: with both unset, and as they were found. Where neither is set there
is one environment.

Every process runs on one core with one thread in every library.
"""

import math
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np

KERNEL = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
UNSET, FOUND = "unset", "found"

ALONE = {  # one thread, on a processor
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
}
PACKAGES = ("numpy", "bpgen", "autograd", "torch", "jax", "jaxlib", "numba", "scipy")


def environments(found: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The variables of each process, by the name of its environment, from those found."""
    alone = {**found, **ALONE}
    unset = {name: value for name, value in alone.items() if name not in KERNEL}
    return {UNSET: unset} if unset == alone else {UNSET: unset, FOUND: alone}


def pin() -> int | None:
    """Keep this process on one core, the last that it may use; None where systems cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def load() -> float:
    """The load average of the last minute; NaN where a system has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan


def machine() -> dict[str, object]:
    """What does not change between environments: processor, system, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def blas() -> str:
    """The BLAS of NumPy in this process, with the kernel that it chose."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{built['name']} {built['version']}, kernel unknown: threadpoolctl is absent"
    packages = str(Path(np.__file__).parent.parent)
    for pool in threadpool_info():
        if pool["user_api"] == "blas" and pool["filepath"].startswith(f"{packages}/numpy"):
            kernel = pool.get("architecture", "unnamed")
            threads = pool["num_threads"]
            return f"{pool['internal_api']} {pool['version']}, kernel {kernel}, {threads} thread"
    return "unknown"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or sys.platform


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
