"""``vision-agents render`` as a person runs it: good input, bad input, and Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import av
import numpy as np
import pytest

SMALL = ("--width", "320", "--height", "180")
COMMAND = [sys.executable, "-c", "from vision_agents.core.cli import main; main()", "render"]


def render(
    *arguments: str, stdin: bytes = b"", path: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, timeout=50, env=environment
    )


def message(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a failed run told, on one line."""
    assert done.returncode in (1, 2), done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return " ".join(done.stderr.decode().split())


def seconds_of(path: Path) -> float:
    """How long the file plays, found by decoding all of it."""
    with av.open(str(path)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        rate = container.streams.audio[0].rate
    assert samples / rate == pytest.approx(pictures / 30, abs=0.2)
    return samples / rate


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of something like a voice, as a telephone records it: 8 kHz, 8 bits."""
    t = np.arange(16_000) / 8_000
    voice = np.sin(2 * np.pi * 150 * t) * (1 + np.sin(2 * np.pi * 3 * t)) / 2
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes((voice * 60 + 128).astype(np.uint8).tobytes())
    return path


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm"])
def test_a_text_becomes_a_video(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    done = render("--text", "Hello, world.", "--out", str(out), *SMALL)
    assert done.returncode == 0, done.stderr.decode()
    assert re.search(
        rf"{re.escape(str(out))}: [\d.]+ s of video in [\d.]+ s \([\d.]+x real time\)",
        done.stdout.decode(),
    )
    assert 0.8 < seconds_of(out) < 2.5


@pytest.mark.parametrize(
    "text", ["Ja. Nein. Vielleicht: 3,14 % & so.", "你好。Привет! مرحبا؟", "Well \U0001f600 done."]
)
def test_other_scripts_and_signs_are_spoken(tmp_path: Path, text: str) -> None:
    out = tmp_path / "talk.mp4"
    done = render("--text", text, "--out", str(out), *SMALL)
    assert done.returncode == 0, done.stderr.decode()
    assert seconds_of(out) > 0.5


def test_a_text_file_and_standard_input_are_read(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\ufeffOne short line.", encoding="utf-8")
    for source, stdin in ((str(text), b""), ("-", b"One short line.")):
        out = tmp_path / f"{len(stdin)}.mp4"
        done = render("--text-file", source, "--out", str(out), *SMALL, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        assert seconds_of(out) > 0.5


def test_a_recording_is_lip_synced_from_a_file_and_from_standard_input(
    tmp_path: Path, recording: Path
) -> None:
    for source, stdin in ((str(recording), b""), ("-", recording.read_bytes())):
        out = tmp_path / f"{len(stdin)}.mp4"
        done = render("--audio", source, "--out", str(out), *SMALL, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        assert 2.0 <= seconds_of(out) <= 3.2


def test_a_damaged_recording_is_spoken_with_a_warning(tmp_path: Path, recording: Path) -> None:
    flac = tmp_path / "voice.flac"
    with av.open(str(recording)) as source, av.open(str(flac), "w") as target:
        stream = target.add_stream("flac", rate=8_000, layout="mono")
        for frame in source.decode(audio=0):
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    flac.write_bytes(flac.read_bytes()[:-4000])
    done = render("--audio", str(flac), "--out", str(tmp_path / "talk.mp4"), *SMALL)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Warning: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--text", ""), "there is nothing to say: the text is empty"),
        (("--text", " \n\t "), "there is nothing to say: the text is empty"),
        (("--text", "🙂🎉"), "the text has nothing in it that can be pronounced"),
        ((), "give exactly one of --text, --text-file and --audio"),
        (("--text", "a", "--audio", "b"), "give exactly one of --text, --text-file and --audio"),
        (("--text-file", "no.txt"), "cannot read no.txt: No such file or directory"),
        (("--text-file", "-"), "there is nothing to say: the text is empty"),
        (("--audio", "no.wav"), "no.wav cannot be read as audio: No such file or directory"),
        (("--audio", "-"), "standard input is empty"),
        (("--audio", __file__), "test_render.py"),
        (("--text", "a", "--avatar", "lokal"), "Did you mean 'local'?"),
        (("--text", "a", "--voice", "lokal"), "Did you mean 'local'?"),
        (("--text", "a", "--width", "641"), "width"),
        (("--text", "a", "--height", "0"), "height"),
        (("--text", "a", "--fps", "0"), "fps"),
        (("--text", "a", "--fps", "-5"), "fps"),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    out = tmp_path / "talk.mp4"
    assert expected in message(render(*arguments, "--out", str(out)))
    assert not out.exists()


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("missing/talk.mp4", "does not exist; make it with: mkdir -p"),
        ("talk.avi", "a recording ends in .mp4, .m4v, .webm"),
        ("talk", "has no ending"),
        (".", "has no ending"),
    ],
)
def test_an_output_that_cannot_be_written_is_told(tmp_path: Path, out: str, expected: str) -> None:
    assert expected in message(render("--text", "a", "--out", str(tmp_path / out)))


def test_a_text_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Grüße".encode("latin-1"))
    told = message(render("--text-file", str(tmp_path / "a.txt"), "--out", "x.mp4"))
    assert "is not UTF-8 text (byte 2); to speak a recording use --audio" in told


def test_a_voice_whose_extra_is_missing_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "espeakng_loader.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'espeakng_loader'\", name='espeakng_loader')"
    )
    done = render("--text", "a", "--out", str(tmp_path / "a.mp4"), path=tmp_path)
    assert re.search(r"pip install ['\"]?vision-agents-local\[tts\]", message(done))


def test_the_peers_wheel_beside_ours_is_named(tmp_path: Path) -> None:
    info = tmp_path / "vision_agents-0.6.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vision-agents\nVersion: 0.6.9\n")
    done = render("--text", "a", "--out", str(tmp_path / "a.mp4"), path=tmp_path)
    assert "'vision-agents' 0.6.9 is installed beside 'vision-agents-core'" in message(done)
    assert "pip uninstall vision-agents &&" in message(done)


def test_a_full_disk_is_told_and_what_there_is_plays(tmp_path: Path) -> None:
    """No file may grow beyond 100 kB: fails in the same call as a full disk."""
    text, out = tmp_path / "text.txt", tmp_path / "talk.mp4"
    text.write_text("All work and no play makes a dull day. " * 50)
    limited = ["prlimit", "--fsize=100000", *COMMAND]
    if shutil.which("prlimit") is None:
        pytest.skip("not installed: apt install util-linux")
    done = subprocess.run(
        [*limited, "--text-file", str(text), "--out", str(out), *SMALL],
        capture_output=True,
        timeout=50,
    )
    assert "the disk is full" in message(done)
    assert "can be played" in message(done)
    assert seconds_of(out) > 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_long_text_begins_at_once_and_stops_when_told(
    tmp_path: Path, how: signal.Signals
) -> None:
    """100 kB are two hours of speech; what there is of them plays after Ctrl-C."""
    text, out = tmp_path / "text.txt", tmp_path / "talk.mp4"
    text.write_text("All work and no play makes a dull day. " * 2600)
    arguments = ["--text-file", str(text), "--out", str(out), *SMALL]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE)
    try:
        until_s = time.monotonic() + 30
        while not (out.exists() and out.stat().st_size > 20_000):
            assert process.poll() is None
            assert time.monotonic() < until_s
            time.sleep(0.1)
        process.send_signal(how)
        _, told = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"Stopped." in told
    assert b"Traceback" not in told
    assert seconds_of(out) > 1
