"""From LLVM assembly to a function that XLA calls by its name, with the machine code kept in JAX's cache folder."""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = "trainwell-kernels"  # in JAX's cache folder
MOST_KEPT = 512  # files of about 10 kB; the oldest go
_ONE_AT_A_TIME = threading.Lock()  # a name may be registered once
_ALIVE: list[Any] = []  # machine code that XLA may call for as long as the process lives


def callable_by_xla(assembly: str) -> str:
    """Compile a kernel whose function `entry` takes XLA's call frame.

    Args:
        assembly: of LLVM.

    Returns:
        The name for `jax.ffi.ffi_call`; it tells of the assembly, so a program that JAX kept finds the same kernel.
    """
    with _ONE_AT_A_TIME:
        return _registered(assembly)


@cache
def _registered(assembly: str) -> str:
    import jax

    name = "trainwell_" + hashlib.sha256(assembly.encode()).hexdigest()[:32]
    function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(_address(assembly))
    _ALIVE.append(function)
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(function), platform="cpu")
    return name


def _address(assembly: str) -> int:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    module = binding.parse_assembly(assembly)
    processor, features = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    target = binding.Target.from_default_triple().create_target_machine(processor, features, opt=3, jit=True)
    made_for = (assembly, processor, features, str(binding.llvm_version_info))
    file = _file(hashlib.sha256("\n".join(made_for).encode()).hexdigest())
    kept = _kept(file)
    if kept is None:
        # what is to be a vector is one already; unrolling the long sums costs time to compile and brings nothing
        tuning = binding.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_vectorization = tuning.slp_vectorization = tuning.loop_unrolling = False
        passes = binding.create_pass_builder(target, tuning)
        passes.getModulePassManager().run(module, passes)
    machine = binding.create_mcjit_compiler(module, target)
    machine.set_object_cache(lambda _, code: _keep(file, code), lambda _: kept)
    machine.finalize_object()
    _ALIVE.append(machine)
    return machine.get_function_address("entry")


def _file(key: str) -> Path | None:
    import jax

    folder = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    return Path(folder) / FOLDER / f"{key}.o" if folder else None


def _kept(file: Path | None) -> bytes | None:
    """Machine code of an earlier process, if it is whole: its digest stands before it."""
    if file is None:
        return None
    try:
        digest, code = (content := file.read_bytes())[:32], content[32:]
        os.utime(file)
    except OSError:
        return None
    return code if digest == hashlib.sha256(code).digest() else None


def _keep(file: Path | None, code: bytes) -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        others = sorted(file.parent.glob("*.o"), key=lambda other: other.stat().st_mtime)
        for old in others[: max(0, len(others) + 1 - MOST_KEPT)]:
            old.unlink(missing_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(hashlib.sha256(code).digest() + code)
        unfinished.replace(file)
    except OSError:  # a full or read-only disk costs only the time to compile again
        pass
