"""Any audio file is read, and what is wrong with one is said."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from vision_agents.core.errors import MediaError
from vision_agents.core.media.audio_file import AudioFile
from vision_agents.core.media.pcm import PcmData


def tone(rate_hz: int, seconds: float = 1.0) -> PcmData:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return PcmData.from_numpy((np.sin(2 * np.pi * 440 * t) * 12000).astype(np.int16), rate_hz)


def write_wav(path: Path, rate_hz: int, *, width: int = 2, channels: int = 1) -> Path:
    samples = tone(rate_hz).samples.astype(np.int32)
    if width == 1:
        data = ((samples >> 8) + 128).astype(np.uint8)
    else:
        data = (samples << 8 * (width - 2)).astype(f"<i{width}")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(data, channels).tobytes())
    return path


def write_encoded(path: Path, codec: str, rate_hz: int = 48_000) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz)
        frame = tone(rate_hz).to_av_frame()
        frame.pts = 0
        assert isinstance(stream, av.AudioStream)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def read(path: Path) -> PcmData:
    with AudioFile(path) as file:
        sound = PcmData(48_000, "s16")
        for piece in file:
            sound.append(piece)
    assert file.damage is None
    return sound


def level_at_440_hz(sound: PcmData) -> float:
    """How much of the sound's energy is the tone."""
    spectrum = np.abs(np.fft.rfft(sound.samples[4800:-4800])) ** 2
    frequency = np.fft.rfftfreq(len(sound) - 9600, 1 / sound.sample_rate)
    return float(spectrum[np.abs(frequency - 440) < 8].sum() / spectrum.sum())


@pytest.mark.parametrize(
    ("rate_hz", "width", "channels"),
    [(8_000, 1, 1), (96_000, 2, 2), (44_100, 2, 1), (48_000, 4, 2), (11_025, 2, 1)],
)
def test_wav_of_any_rate_width_and_layout(
    tmp_path: Path, rate_hz: int, width: int, channels: int
) -> None:
    sound = read(write_wav(tmp_path / "a.wav", rate_hz, width=width, channels=channels))
    assert sound.duration == pytest.approx(1.0, abs=0.01)
    assert level_at_440_hz(sound) > 0.98
    assert np.abs(sound.samples).max() == pytest.approx(12000, rel=0.1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "mp3"), ("a.ogg", "libopus"), ("a.m4a", "aac"), ("a.flac", "flac")],
)
def test_compressed_files(tmp_path: Path, name: str, codec: str) -> None:
    sound = read(write_encoded(tmp_path / name, codec))
    assert sound.duration == pytest.approx(1.0, abs=0.08)
    assert level_at_440_hz(sound) > 0.95


async def test_it_can_be_read_without_blocking_the_loop(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 16_000)
    with AudioFile(path) as file:
        assert file.duration_s == pytest.approx(1.0)
        pieces = [piece async for piece in file]
    assert sum(piece.duration for piece in pieces) == pytest.approx(1.0)
    assert len(pieces) == 2


def test_a_stream_is_read_like_a_file(tmp_path: Path) -> None:
    data = write_wav(tmp_path / "a.wav", 16_000).read_bytes()
    with AudioFile(io.BytesIO(data), name="standard input") as file:
        assert sum(piece.duration for piece in file) == pytest.approx(1.0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nothing\.wav cannot be read as audio: No such file"):
        AudioFile(tmp_path / "nothing.wav")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(MediaError, match=r"a\.wav is empty"):
        AudioFile(tmp_path / "a.wav")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a folder"):
        AudioFile(tmp_path)


@pytest.mark.parametrize("content", [b"Dear diary, today I wrote no audio.\n" * 50, bytes(4000)])
def test_a_file_that_is_not_audio_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.wav (cannot be read as audio|holds no sound)"):
        list(AudioFile(tmp_path / "a.wav"))


def test_a_picture_holds_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        frame = av.VideoFrame(16, 16, "rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(MediaError, match="holds no sound: it has no audio track"):
        AudioFile(path)


def test_a_header_without_sound_holds_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    with pytest.raises(MediaError, match="holds no sound"):
        list(AudioFile(path))


def test_a_truncated_wav_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 16_000)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 40, 4 * 32_000)  # the header promises 4 s
    path.write_bytes(data)
    with AudioFile(path) as file:
        seconds = sum(piece.duration for piece in file)
    assert seconds == pytest.approx(1.0, abs=0.01)
    assert file.damage is None or "cut off" in file.damage


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "mp3"), ("a.flac", "flac")])
def test_a_truncated_file_is_played_as_far_as_it_goes(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = write_encoded(tmp_path / name, codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with AudioFile(path) as file:
        seconds = sum(piece.duration for piece in file)
    assert 0.1 < seconds < 0.8


def test_a_truncated_mp4_says_why_it_cannot_be_read(tmp_path: Path) -> None:
    """Its index stands at the end: without it nothing can be found."""
    path = write_encoded(tmp_path / "a.m4a", "aac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match="cannot be read as audio"):
        AudioFile(path)


def test_garbage_in_the_middle_is_told_or_skipped(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "a.mp3", "mp3")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(range(256)) + bytes(144)
    path.write_bytes(data)
    with AudioFile(path) as file:
        assert sum(piece.duration for piece in file) > 0.4
