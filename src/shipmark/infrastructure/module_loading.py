"""Loading of modules at their first use, or without the libraries that they would load and not need.

A server is forked from a process that has loaded everything: what few installations use costs all of them time at the
start, and memory. Where libraries are concerned, this module is the only place that loads late or hides.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


class LateModule:
    """A module that is loaded when one of its names is first used, in the thread that uses it.

    Type checkers, and the linter of layers, see a normal import::

        if TYPE_CHECKING:
            from cryptography import fernet
        else:
            fernet = LateModule("cryptography.fernet")
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(import_module(self._name), attribute)


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let modules that are loaded in the block find these libraries not installed.

    It is for libraries that others load where they find them. It affects all threads, so use it before there are any.
    """
    loaded = {name: sys.modules[name] for name in names if name in sys.modules}
    # The import system takes None for "not found".
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # typeshed knows modules only
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(loaded)
