"""The compiled searches on instances: thin faces over `mecbopt._core`, which knows arrays alone."""

from mecbopt._core.tree import MAX_LETTERS, CompiledSearch, Settings, available

__all__ = ["MAX_LETTERS", "CompiledSearch", "Settings", "available"]
