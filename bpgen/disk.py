"""An open directory: what lies in it, and how several files in it are made at once or not at all.

A file is first written whole beside its place, under a name of its own, and only when all are on
the disk are they renamed. When that fails, what was renamed is put back. A process that is killed
between two renames leaves each file old or new, never a part of one, and at worst a hidden `.tmp`.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# where the system can, files are named relative to an open directory, so that nobody can put
# another in its place meanwhile; O_NONBLOCK, so that a pipe put in a file's place does not hang us
_BY_HANDLE = os.open in os.supports_dir_fd
_FLAGS = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory: the path as the user wrote it, the path without links, the open handle."""

    shown: Path
    path: Path
    handle: int | None

    def at(self, name: str) -> Path | str:
        """What to call a file in it, together with `dir_fd=handle`."""
        return self.path / name if self.handle is None else name


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a name: `obstacle` says why it can never be replaced, and is empty if it can."""

    data: bytes = b""
    mode: int = 0
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A name, what it is to hold, and what was found there.

    Without a mode the umask decides who may read the file.
    """

    name: str
    data: bytes
    mode: int | None = None
    found: Found | None = None


@contextmanager
def opened(directory: Path) -> Iterator[Folder]:
    """The directory, made if it is absent, for as long as the `with` lasts. Raises `OSError`."""
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    directory.mkdir(parents=True, exist_ok=True)
    path = directory.resolve(strict=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY) if _BY_HANDLE else None
    try:
        yield Folder(directory, path, handle)
    finally:
        if handle is not None:
            os.close(handle)


def look(folder: Folder, name: str) -> Found | None:
    """What lies at a name, or None. A link is not followed. Raises `OSError`."""
    try:
        info = os.stat(folder.at(name), dir_fd=folder.handle, follow_symlinks=False)
    except FileNotFoundError:
        return None
    kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a directory"}
    if not stat.S_ISREG(info.st_mode):
        return Found(obstacle=kinds.get(stat.S_IFMT(info.st_mode), "a device, a pipe or a socket"))
    if info.st_nlink > 1:
        return Found(obstacle="one of several names of one file")
    if not info.st_mode & 0o222:
        return Found(obstacle="read-only")
    handle = os.open(folder.at(name), os.O_RDONLY | _FLAGS, dir_fd=folder.handle)
    with open(handle, "rb") as file:
        return Found(file.read(), stat.S_IMODE(info.st_mode))


def make(folder: Folder, changes: Sequence[Change]) -> None:
    """Make all changes in their order, or raise `OSError` and leave everything as it was."""
    staged: list[str] = []
    made: list[Change] = []
    try:
        for change in changes:
            staged.append(_stage(folder, change))
        for temporary, change in zip(staged, changes, strict=True):
            _rename(folder, temporary, change.name)
            made.append(change)
    except BaseException:
        for change in reversed(made):
            with suppress(OSError):
                _undo(folder, change)
        raise
    finally:
        for temporary in staged:
            with suppress(OSError):  # as a rule it has been renamed
                os.unlink(folder.at(temporary), dir_fd=folder.handle)
    if folder.handle is not None:
        with suppress(OSError):  # some systems cannot; the files are whole all the same
            os.fsync(folder.handle)


def _stage(folder: Folder, change: Change) -> str:
    """Write a file whole to the disk, under a name of its own, which is returned."""
    temporary = f".{change.name}.{os.urandom(8).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
    handle = os.open(folder.at(temporary), flags, 0o666, dir_fd=folder.handle)
    try:
        with open(handle, "wb") as file:
            file.write(change.data)
            file.flush()
            os.fsync(handle)
        if change.mode is not None:
            os.chmod(folder.at(temporary), change.mode, dir_fd=folder.handle)
    except BaseException:
        os.unlink(folder.at(temporary), dir_fd=folder.handle)
        raise
    return temporary


def _rename(folder: Folder, old: str, new: str) -> None:
    handle = folder.handle
    os.replace(folder.at(old), folder.at(new), src_dir_fd=handle, dst_dir_fd=handle)


def _undo(folder: Folder, change: Change) -> None:
    if change.found is None:
        os.unlink(folder.at(change.name), dir_fd=folder.handle)
    else:
        old = Change(change.name, change.found.data, change.found.mode)
        _rename(folder, _stage(folder, old), change.name)


def forget_compiled(folder: Folder, names: Iterable[str]) -> None:
    """Remove what Python compiled of files that were replaced.

    It knows a stale one by time, in whole seconds, and size; we can be faster than that.
    """
    cache = folder.path / "__pycache__"
    if cache.is_symlink():
        return
    for name in names:
        stem, _, suffix = name.partition(".")
        for compiled in cache.glob(f"{stem}.*.pyc") if suffix == "py" else ():
            with suppress(OSError):
                compiled.unlink()
