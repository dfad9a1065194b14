"""Any audio file that FFmpeg can read, as PCM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import av
import av.error

from vision_agents.core.errors import MediaError
from vision_agents.core.media.pcm import PcmData

__all__ = ["AudioFile"]

# Nothing in the pipeline plays faster than this, and speech ends far below half of it.
MAX_RATE_HZ: Final = 48_000
# Sound per trip to the worker thread: the trip costs 0.1 ms, decoding this about 1 ms.
BLOCK_S: Final = 0.5
# A file may hold this much less than its header promises before it counts as cut off.
MISSING_S: Final = 0.5


class AudioFile:
    """The sound of a file or of a readable, seekable binary stream: mono s16, at its own rate.

    ``duration_s`` is what the header promises, None where it says nothing. ``damage`` says after
    reading what was wrong with a file that could be read only in part. Iterating blocks, ``async
    for`` decodes in a worker thread; either works once. Close it, or use it in a ``with`` block.

    Raises:
        MediaError: no such file, empty, no sound in it, or nothing that can be decoded.
    """

    def __init__(self, source: Path | BinaryIO, *, name: str | None = None) -> None:
        self.name = name or str(source)
        self.damage: str | None = None
        self._container = _open(source, self.name)
        try:
            if not self._container.streams.audio:
                raise MediaError(f"{self.name} holds no sound: it has no audio track")
            self._stream = self._container.streams.audio[0]
            self.duration_s = self._promised_s()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> AudioFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; idempotent."""
        self._container.close()

    def __iter__(self) -> Iterator[PcmData]:
        rate_hz = min(self._stream.rate or MAX_RATE_HZ, MAX_RATE_HZ)
        resampler = av.AudioResampler("s16", "mono", rate_hz)
        decoded_s = 0.0
        try:
            for frame in self._container.decode(self._stream):
                frame.pts = None  # gaps and jumps of a file's time are not wanted in speech
                for pcm in map(PcmData.from_av_frame, resampler.resample(frame)):
                    decoded_s += pcm.duration
                    yield pcm
            for pcm in map(PcmData.from_av_frame, resampler.resample(None)):
                decoded_s += pcm.duration
                yield pcm
        except (av.error.FFmpegError, ValueError) as exc:  # ValueError: its format changes midway
            if not decoded_s:
                raise MediaError(f"{self.name} cannot be decoded: {_reason(exc)}") from exc
            self.damage = f"{self.name} is damaged after {decoded_s:.1f} s: {_reason(exc)}"
        if not decoded_s:
            raise MediaError(f"{self.name} holds no sound: its audio track is empty")
        promised_s = self.duration_s or 0.0
        if self.damage is None and decoded_s < promised_s - MISSING_S:
            self.damage = (
                f"{self.name} is cut off: it holds {decoded_s:.1f} s of the {promised_s:.1f} s "
                "that its header promises"
            )

    async def __aiter__(self) -> AsyncIterator[PcmData]:
        pieces = iter(self)
        while block := await asyncio.to_thread(_block, pieces):
            yield block

    def _promised_s(self) -> float | None:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is not None:
            return self._container.duration / av.time_base
        return None


def _open(source: Path | BinaryIO, name: str) -> av.container.InputContainer:
    if isinstance(source, Path) and source.is_dir():
        raise MediaError(f"{name} is a folder, not an audio file")
    try:
        return av.open(str(source) if isinstance(source, Path) else source, "r")
    except (av.error.FFmpegError, OSError) as exc:
        if isinstance(source, Path) and source.is_file() and source.stat().st_size == 0:
            raise MediaError(f"{name} is empty") from exc
        raise MediaError(f"{name} cannot be read as audio: {_reason(exc)}") from exc


def _block(pieces: Iterator[PcmData]) -> PcmData | None:
    """The next half second; None at the end."""
    block: PcmData | None = None
    for piece in pieces:
        block = piece if block is None else block.append(piece)
        if block.duration >= BLOCK_S:
            break
    return block


def _reason(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc)
