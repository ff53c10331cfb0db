"""The way from Python into compiled code: an address becomes a callable. No code of its own is compiled here.

A call through cffi costs 0.3 us; a numba dispatcher with structured arrays costs twice that, ctypes more (`benchmarks/`).
"""

from __future__ import annotations

from collections.abc import Callable

import cffi

_ffi = cffi.FFI()


def caller(address: int, signature: str, returns: str = "long") -> Callable[..., int]:
    """Make a compiled function callable.

    Parameters
    ----------
    address
        Of a function compiled with the C calling convention (``numba.cfunc(...).address``).
    signature
        One letter an argument: ``p`` a raw address (``array.ctypes.data``), ``l`` an integer of 64 bits.
    returns
        C type of the result: ``"long"`` or ``"void"``.

    Examples
    --------
    >>> import ctypes
    >>> labs = ctypes.CDLL(None).labs
    >>> caller(ctypes.cast(labs, ctypes.c_void_p).value, "l")(-7)
    7
    """
    kinds = {"p": "uintptr_t", "l": "long"}
    arguments = ", ".join(kinds[letter] for letter in signature)
    function: Callable[..., int] = _ffi.cast(f"{returns}(*)({arguments})", address)
    return function
