"""A file that a container is written into and that plays whatever stops the writing."""

from __future__ import annotations

import io
import os
import struct
from enum import Enum
from pathlib import Path

__all__ = ["SafeFile", "whole_fragments"]


class _Mode(Enum):
    DIRECT = "direct"  # every write goes to the disk
    HELD = "held"  # writes wait for commit()
    DISCARD = "discard"  # the file is as it is; what FFmpeg still writes goes nowhere


class SafeFile:
    """What ``av.open`` writes into: unbuffered, so that what was written is there after a crash.

    Finishing a container appends an index and then rewrites the beginning. On a full disk the
    rewriting would succeed where the appending has failed, and nothing would play any more. So
    the finish is held back, and committed in a safe order or not at all.

    Raises:
        OSError: from every method, as the operating system says.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._mode = _Mode.DIRECT
        self._position = 0
        self._held: list[tuple[int, bytes]] = []

    # -- what FFmpeg calls --------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Write all of ``data``, or fail."""
        if self._mode is _Mode.HELD:
            self._held.append((self._position, bytes(data)))
        elif self._mode is _Mode.DIRECT:
            self._write_at(self._position, data)
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += max([self._size, *(at + len(data) for at, data in self._held)])
        elif whence == io.SEEK_CUR:
            offset += self._position
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position

    # -- what the owner calls -----------------------------------------------------------------

    def hold(self) -> None:
        """From now on nothing is written before ``commit``."""
        self._mode = _Mode.HELD

    def commit(self) -> None:
        """Write what was held: all of it, or nothing."""
        size, held, self._held = self._size, self._held, []
        self._mode = _Mode.DIRECT
        # Only appending needs room on the disk, so it comes first.
        held.sort(key=lambda piece: piece[0] + len(piece[1]) <= size)
        try:
            for at, data in held:
                self._write_at(at, data)
        except OSError:
            self._file.truncate(size)
            raise

    def discard(self) -> None:
        """Throw away what was held and what is still written."""
        self._mode = _Mode.DISCARD
        self._held.clear()

    def close(self, *, broken: bool = False) -> None:
        """Close; ``broken`` cuts off a fragment of MP4 that did not get onto the disk whole."""
        if self._file.closed:
            return
        if broken:
            self._file.truncate(whole_fragments(self._path))
        self._file.close()

    @property
    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _write_at(self, position: int, data: bytes) -> None:
        view = memoryview(data)
        self._file.seek(position)
        while view:  # a disk with some room takes a part first and fails at the next part
            view = view[self._file.write(view) :]


def whole_fragments(path: Path) -> int:
    """How long an MP4 file is up to its last whole fragment; all of it for other files."""
    size = path.stat().st_size
    good = at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if at == 0 and kind != b"ftyp":
                return size
            if length < 8 or at + length > size:
                break
            at += length
            if kind != b"moof":  # it needs the mdat behind it
                good = at
    return good
