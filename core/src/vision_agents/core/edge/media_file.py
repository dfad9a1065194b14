"""Sound and picture into one file that can be played at any moment of its making."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import av
import av.error

from vision_agents.core.edge.safe_file import SafeFile
from vision_agents.core.errors import ConfigError, MediaError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from vision_agents.core.media.pcm import PcmData

__all__ = ["MediaFile", "check_path"]

VIDEO_CLOCK_HZ: Final = 90_000
KEY_FRAME_EVERY_S: Final = 2
# A fragment is what a power cut can cost.
FRAGMENT_US: Final = 1_000_000


class Format(NamedTuple):
    """A container and what goes into it; options are those of FFmpeg."""

    container: str
    container_options: dict[str, str]
    video: str
    video_options: dict[str, str]
    audio: str
    audio_rates_hz: tuple[int, ...]


_MP4 = Format(
    container="mp4",
    # Written in fragments, so that it plays whatever happens; closing it properly puts the
    # ordinary index at its end, which every player and editor reads.
    container_options={
        "movflags": "+hybrid_fragmented",
        "frag_duration": str(FRAGMENT_US),
        "flush_packets": "1",
    },
    video="libx264",
    # A face before a still background: CRF 21 shows no blocks, and slower presets cost twice
    # the time for a tenth of the size. No B-frames: the delay they need would have to be taken
    # out again by an edit list, which fragments do not have.
    video_options={"preset": "veryfast", "crf": "21", "bf": "0"},
    audio="aac",
    audio_rates_hz=(48_000, 44_100, 32_000, 24_000, 16_000),
)
_WEBM = Format(
    container="webm",
    container_options={"cluster_time_limit": "1000", "flush_packets": "1"},
    video="libvpx",
    video_options={"deadline": "realtime", "cpu-used": "8", "crf": "12", "b": "2M"},
    audio="libopus",
    audio_rates_hz=(48_000, 24_000, 16_000),
)
FORMATS: Final = {".mp4": _MP4, ".m4v": _MP4, ".webm": _WEBM}


def check_path(path: Path) -> Format:
    """What to write into ``path``.

    Raises:
        ConfigError: an ending that names no format we write; says which there are.
        MediaError: the folder is missing or is no folder; says what to do.
    """
    known = FORMATS.get(path.suffix.lower())
    if known is None:
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise ConfigError(f"{str(path)!r} {ending}; a recording ends in {', '.join(FORMATS)}")
    if path.is_dir():
        raise MediaError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise MediaError(
            f"cannot write {path}: the folder {path.parent} does not exist; "
            f"make it with: mkdir -p {path.parent}"
        )
    return known


class MediaFile:
    """Encodes and writes; blocking, so it belongs to one worker thread.

    ``write_audio`` takes PCM at ``rate_hz`` mono; ``write_video`` yuv420p pictures of one size.
    Positions are seconds from the start of the file. An existing file is replaced.

    Raises:
        MediaError: from every method, when the file cannot be written; says how much of it is
            there and can be played. Nothing more is written then, and ``close`` is quiet.
    """

    def __init__(self, path: Path, *, fps: float, rate_hz: int = 48_000) -> None:
        self._path = path
        self._format = check_path(path)
        self._fps = Fraction(fps).limit_denominator(1001)
        self._rate_hz = rate_hz
        self._output: SafeFile | None = None
        self._container: OutputContainer | None = None
        self._audio: AudioStream | None = None
        self._video: VideoStream | None = None
        self._samples = 0
        self._broken = False

    @property
    def written_s(self) -> float:
        """Seconds of sound given to the encoder."""
        return self._samples / self._rate_hz

    def open(self, like: av.VideoFrame | None) -> None:
        """Begin the file; ``like`` is a picture of the size to come, None without pictures."""
        with self._reporting():
            self._output = SafeFile(self._path)
            self._container = av.open(
                self._output,
                "w",
                format=self._format.container,
                container_options=self._format.container_options,
            )
            if like is not None:
                self._video = self._add_video(self._container, like)
            audio = self._container.add_stream(self._format.audio, rate=self._rate_hz)
            self._audio = cast("AudioStream", audio)
            self._audio.codec_context.layout = "mono"

    def write_audio(self, pcm: PcmData) -> None:
        """The next piece of sound."""
        if self._broken or self._container is None or self._audio is None:
            return
        frame = pcm.to_av_frame()
        frame.pts = self._samples
        frame.time_base = Fraction(1, self._rate_hz)
        with self._reporting():
            self._container.mux(self._audio.encode(frame))
        self._samples += frame.samples

    def write_video(self, frame: av.VideoFrame, at_s: float) -> None:
        """The picture shown from ``at_s`` on; the object is the file's now, its pts is set."""
        if self._broken or self._container is None or self._video is None:
            return
        frame.pts = round(at_s * VIDEO_CLOCK_HZ)
        frame.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        with self._reporting():
            self._container.mux(self._video.encode(frame))

    def close(self) -> None:
        """Finish the file; idempotent."""
        container, self._container = self._container, None
        output, self._output = self._output, None
        if output is None:
            return
        try:
            if container is not None and not self._broken:
                with self._reporting():
                    self._finish(container, output)
        finally:
            output.discard()
            try:
                if container is not None:
                    container.close()
            except av.error.FFmpegError:
                if not self._broken:  # else it only says again what has been told
                    raise
            finally:
                output.close(broken=self._broken)

    def _finish(self, container: OutputContainer, output: SafeFile) -> None:
        for stream in (self._video, self._audio):
            if stream is not None:
                container.mux(stream.encode(None))
        output.hold()
        container.close()
        output.commit()

    def _add_video(self, container: OutputContainer, like: av.VideoFrame) -> VideoStream:
        added = container.add_stream(
            self._format.video, rate=self._fps, options=dict(self._format.video_options)
        )
        stream = cast("VideoStream", added)
        context = stream.codec_context
        context.width, context.height = like.width, like.height
        context.pix_fmt = like.format.name
        context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        context.gop_size = round(self._fps * KEY_FRAME_EVERY_S)
        context.colorspace, context.color_range = like.colorspace, like.color_range
        return stream

    def _reporting(self) -> _Reporting:
        return _Reporting(self)

    def fail(self, exc: OSError | av.error.FFmpegError) -> MediaError:
        """Stop writing; the error that says why."""
        self._broken = True
        reason = exc.strerror or str(exc)
        if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            reason = f"the disk is full ({reason})"
        so_far = f"; {self.written_s:.1f} s of it are there and can be played"
        return MediaError(f"cannot write {self._path}: {reason}{so_far if self._samples else ''}")


class _Reporting:
    """Turns what FFmpeg raises into a sentence, once."""

    def __init__(self, file: MediaFile) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, exc: BaseException | None, traceback: Any) -> None:
        if isinstance(exc, (av.error.FFmpegError, OSError)):
            raise self._file.fail(exc) from exc
