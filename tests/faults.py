"""A disk that fails at a chosen call, or whose power goes."""

import builtins
import errno
import io
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

WRITING = set("wax+")


class PowerCutError(BaseException):
    """The machine is off: nothing of the program has a say in what follows."""


class Disk:
    """Counts the calls that reach the disk: writes, syncs, new names. One of them goes wrong.

    kind: `short`: it writes a part, and says so. `full`: it and all later ones find no space.
    `broken`: it alone is an error of the device. `cut`: the power goes, and what is not synced is
    lost. `unsynced`: it says that it has synced and has not, and the power goes `later` calls on.
    """

    def __init__(self, root, kind="", at=0, later=0):
        self.root, self.kind, self.at, self.later = root, kind, at, later
        self.calls, self.syncs = 0, 0
        self.cut_at = at if kind == "cut" else 0
        self.sizes, self.names = {}, {}  # what is synced, by inode
        for path in [root, *root.rglob("*")]:
            self.note(path)

    def note(self, path):
        state = path.stat()
        if path.is_dir():
            self.names[state.st_ino] = {each.name for each in path.iterdir()}
        else:
            self.sizes[state.st_ino] = state.st_size

    def call(self, *, writes=False):
        """Count a call; says whether it is to be a short one. Raises: as the kind says."""
        self.calls += 1
        if self.calls == self.cut_at:
            self.cut()
        if self.kind == "full" and self.calls >= self.at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.kind == "broken" and self.calls == self.at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return writes and self.kind == "short" and self.calls == self.at

    def cut(self):
        """Leave beside the disk what is on it: whole files as they were synced, under names that
        were."""
        image = self.root.with_name(self.root.name + ".image")

        def unnamed(folder, names):
            return set(names) - self.names.get(Path(folder).stat().st_ino, set())

        shutil.copytree(self.root, image, ignore=unnamed)
        for path in image.rglob("*"):
            if path.is_file():
                inode = (self.root / path.relative_to(image)).stat().st_ino
                os.truncate(path, min(self.sizes.get(inode, 0), path.stat().st_size))
        raise PowerCutError

    def sync(self, descriptor):
        self.call()
        self.syncs += 1
        if self.kind == "unsynced" and self.syncs == self.at:
            self.cut_at = self.calls + self.later
            return
        self.note(Path(f"/proc/self/fd/{descriptor}").readlink())

    def restore(self):
        """Go on with what a power cut left."""
        shutil.rmtree(self.root)
        self.root.with_name(self.root.name + ".image").rename(self.root)


class Through(io.BufferedIOBase):
    """A file that is written through the disk, call by call."""

    def __init__(self, disk, file):
        self.disk, self.file = disk, file

    def write(self, data):
        data = memoryview(data).cast("B")
        try:
            self.disk.call()
        except OSError:
            self.file.write(data[: len(data) // 2])
            raise
        return self.file.write(data)

    def writable(self):
        return True

    def seekable(self):
        return True

    def seek(self, *place):
        return self.file.seek(*place)

    def tell(self):
        return self.file.tell()

    def fileno(self):
        return self.file.fileno()

    def close(self):
        self.file.close()
        super().close()


@contextmanager
def failing(root, kind="", at=0, later=0):
    """Everything that is written in this goes to such a disk. Real syncs are left out."""
    disk, real_open, real_write = Disk(root, kind, at, later), io.open, os.write

    def opened(file, mode="r", *given, **options):
        if not WRITING & set(mode) or isinstance(file, int):
            return real_open(file, mode, *given, **options)
        disk.call()
        through = Through(disk, real_open(file, mode.replace("t", "").rstrip("b") + "b", 0))
        if "b" in mode:
            return through
        return io.TextIOWrapper(through, encoding=options.get("encoding"), write_through=True)

    def write(descriptor, data):
        if descriptor <= 2:
            return real_write(descriptor, data)
        try:
            short = disk.call(writes=True)
        except OSError:
            real_write(descriptor, data[: len(data) // 2])
            raise
        return real_write(descriptor, data[: (len(data) + 1) // 2] if short else data)

    def counted(real):
        def call(*given, **options):
            disk.call()
            return real(*given, **options)

        return call

    with pytest.MonkeyPatch.context() as patch, suppress(PowerCutError):
        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        patch.setattr(os, "write", write)
        patch.setattr(os, "fsync", disk.sync)
        for name in ("mkdir", "rename"):
            patch.setattr(os, name, counted(getattr(os, name)))
        yield disk
