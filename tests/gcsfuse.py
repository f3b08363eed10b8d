"""`gcsfuse` for tests: mounts a bucket of a server on this machine.

As gcsfuse does (its docs/semantics.md): a file is local until it is flushed,
and is then one object; where that object has become another one meanwhile,
or another host's file came first, flushing fails with ESTALE. The server
knows no preconditions, so the object is looked at before: hosts that flush
within the same milliseconds can both come first, unlike there.

    SERVER=ADDRESS gcsfuse [--only-dir FOLDER] BUCKET MOUNT
"""

import argparse
import datetime
import errno
import os
import stat
import sys
import time

import fuse
from bucket_server import Objects

fuse.fuse_python_api = (0, 2)


class File:
    """A file that somebody has open."""

    def __init__(self, content: bytes, generation: str | None):
        self.content = bytearray(content)
        self.generation = generation
        self.dirty = generation is None
        self.modified = time.time()
        self.users = 0


class Mount(fuse.Fuse):
    """The file system: methods return what there is, or a negative errno."""

    def __init__(self, objects: Objects, folder: str, place: str):
        super().__init__()
        self._objects, self._folder = objects, folder
        self._open: dict[str, File] = {}
        # Names of folders on the way to a file may be a moment old.
        options = "big_writes,entry_timeout=1,attr_timeout=0"
        self.multithreaded = False
        self.parse(["-o", options, place], errex=1)

    def getattr(self, path: str):
        if path in self._open:
            file = self._open[path]
            return _file(len(file.content), file.modified)
        name = self._name(path)
        if path != "/" and (known := self._objects.get(name)):
            return _file(int(known["size"]), known["updated"])
        local = any(one.startswith(f"{path}/") for one in self._open)
        if path == "/" or local or self._objects.below(f"{name}/"):
            return fuse.Stat(st_mode=stat.S_IFDIR | 0o755, st_nlink=2)
        return -errno.ENOENT

    def fgetattr(self, path: str, file: File):
        return _file(len(file.content), file.modified)

    def readdir(self, path: str, offset: int):
        folder = self._name(path)
        prefix = f"{folder}/" if folder else ""
        names = {
            one.removeprefix(prefix) for one in self._objects.below(prefix)
        }
        names |= {
            os.path.basename(one)
            for one in self._open
            if os.path.dirname(one) == path
        }
        for name in (".", "..", *sorted(names - {""})):
            yield fuse.Direntry(name.rstrip("/"))

    def mkdir(self, path: str, mode: int):
        self._objects.put(f"{self._name(path)}/", b"")

    def rmdir(self, path: str):
        name = f"{self._name(path)}/"
        if set(self._objects.below(name)) - {name}:
            return -errno.ENOTEMPTY
        self._objects.delete(name)

    def unlink(self, path: str):
        self._open.pop(path, None)
        self._objects.delete(self._name(path))

    def rename(self, old: str, new: str):
        """Renames a file, or a folder as in a hierarchical namespace."""
        for path in list(self._open):
            if path == old or path.startswith(f"{old}/"):
                self.flush(path, self._open[path])
                self._open[new + path.removeprefix(old)] = self._open.pop(path)
        name, into = self._name(old), self._name(new)
        if self._objects.get(name):
            moved = [name]
        else:
            moved = self._objects.below(f"{name}/", "")
            if set(self._objects.below(f"{into}/")) - {f"{into}/"}:
                return -errno.ENOTEMPTY
        for one in moved:
            self._objects.copy(one, into + one.removeprefix(name))
        for one in moved:
            self._objects.delete(one)

    def create(self, path: str, flags: int, mode: int):
        return self._opened(path, File(b"", None))

    def open(self, path: str, flags: int):
        if path in self._open:
            return self._opened(path, self._open[path])
        name = self._name(path)
        known = self._objects.get(name)
        if known is None:
            return -errno.ENOENT
        content = self._objects.content(name)
        return self._opened(path, File(content, known["generation"]))

    def read(self, path: str, length: int, offset: int, file: File):
        return bytes(file.content[offset : offset + length])

    def write(self, path: str, data: bytes, offset: int, file: File):
        file.content.extend(bytes(max(0, offset - len(file.content))))
        file.content[offset : offset + len(data)] = data
        file.dirty, file.modified = True, time.time()
        return len(data)

    def truncate(self, path: str, length: int):
        file = self.open(path, os.O_RDWR)
        if isinstance(file, int):
            return file
        self.ftruncate(path, length, file)
        return self.release(path, os.O_RDWR, file)

    def ftruncate(self, path: str, length: int, file: File):
        del file.content[length:]
        file.content.extend(bytes(length - len(file.content)))
        file.dirty, file.modified = True, time.time()

    def flush(self, path: str, file: File):
        if not file.dirty or self._open.get(path) is not file:
            return 0
        name = self._name(path)
        known = self._objects.get(name)
        if (known and known["generation"]) != file.generation:
            return -errno.ESTALE
        file.generation = self._objects.put(name, bytes(file.content))
        file.dirty = False
        return 0

    def fsync(self, path: str, data_only: int, file: File):
        return self.flush(path, file)

    def release(self, path: str, flags: int, file: File):
        problem = self.flush(path, file)
        file.users -= 1
        if not file.users and self._open.get(path) is file:
            del self._open[path]
        return problem

    def chmod(self, path: str, mode: int):
        """Modes, owners and times are taken and forgotten, as there."""

    def chown(self, path: str, user: int, group: int):
        """See `chmod`."""

    def utimens(self, path: str, accessed, modified):
        """See `chmod`."""

    def _name(self, path: str) -> str:
        """Returns a file's object's name; a folder's ends in a slash more."""
        return f"{self._folder}{path}".strip("/")

    def _opened(self, path: str, file: File) -> File:
        self._open[path] = file
        file.users += 1
        return file


def _file(size: int, modified: float | str) -> fuse.Stat:
    if isinstance(modified, str):
        modified = datetime.datetime.fromisoformat(modified).timestamp()
    return fuse.Stat(
        st_mode=stat.S_IFREG | 0o644,
        st_nlink=1,
        st_size=size,
        st_mtime=int(modified),
    )


def main() -> None:
    """Mounts as asked, and serves in the background."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only-dir", default="")
    parser.add_argument("bucket")
    parser.add_argument("mount")
    known, _ = parser.parse_known_args()
    objects = Objects(os.environ["SERVER"], known.bucket)
    print("mounting")
    if not objects.is_there():
        sys.exit(f"Error: bucket {known.bucket} doesn't exist")
    Mount(objects, known.only_dir.strip("/"), known.mount).main()


if __name__ == "__main__":
    main()
