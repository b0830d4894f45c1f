"""pycryptodome's compiled functions, called without the Python around them. Knows no key and no mode.

That Python parses C declarations whenever it is imported, a good part of what a short run needs to start, and it checks its
arguments anew in every call, four fifths of what a small block costs. Here the same functions are declared directly, with what
cffi itself is built on.

Nobody would notice a declaration that does not fit before memory is damaged. So it is done only for versions whose C code was
read (``VERIFIED``). With any other, and wherever a library or cffi is missing, importing this module or ``load`` raises
ImportError, and the caller goes pycryptodome's public way.
"""

from typing import Any

import _cffi_backend as ffi
from Crypto import __path__ as _folders
from Crypto import version_info

VERIFIED = {(4, 4)}
"""major and minor version of pycryptodome"""

if version_info[:2] not in VERIFIED:
    raise ImportError("the compiled functions of this pycryptodome may take other arguments")

INT, UNSIGNED, SIZE = (ffi.new_primitive_type(name) for name in ("int", "unsigned int", "size_t"))
VOID = ffi.new_pointer_type(ffi.new_void_type())
RESULT = ffi.new_array_type(ffi.new_pointer_type(VOID), 1)
"""``void *[1]``, where a function leaves what it made"""
POINTER = ffi.new_pointer_type(ffi.new_primitive_type("uint8_t"))
OCTETS = ffi.new_array_type(POINTER, None)
"""``uint8_t[]``, over the memory of a buffer"""

new, view = ffi.newp, ffi.from_buffer
"""``new(RESULT)``; ``view(OCTETS, buffer)``, which keeps the buffer where it is while the view lives"""
released_with = ffi.gcp
"""``released_with(pointer, function)``: a pointer that is given to ``function`` in the end"""
_loaded: list[Any] = []  # a library that nobody holds is unloaded, functions and all


def load(library: str, *functions: tuple[str, tuple[Any, ...]]) -> list[Any]:
    """Return functions of a library, each given by its name and the types of its arguments. All return INT. Raises ImportError.

    ``library`` lies below pycryptodome's folder and is named without a suffix: ``Cipher/_raw_ctr``.
    """
    try:
        flags = ffi.RTLD_NOW | getattr(ffi, "RTLD_DEEPBIND", 0)  # as pycryptodome: OpenSSL has functions of the same names
        _loaded.append(ffi.load_library(f"{_folders[0]}/{library}.abi3.so", flags))
        return [_loaded[-1].load_function(ffi.new_function_type(arguments, INT), name) for name, arguments in functions]
    except (OSError, AttributeError) as error:
        raise ImportError(str(error)) from error
