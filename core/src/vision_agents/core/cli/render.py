"""``vision-agents render``: speak a text or a recording into a video file."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vision_agents.core.cli.running import run
from vision_agents.core.errors import ConfigError, MediaError

if TYPE_CHECKING:
    from vision_agents.core.agents.agent import Agent
    from vision_agents.core.edge.recorder import RecorderEdge
    from vision_agents.core.media.audio_file import AudioFile
    from vision_agents.core.tts import TTS, SpeechChunk

STDIN = "-"


@click.command("render")
@click.option("--avatar", default="local", show_default=True, help="Whose face speaks.")
@click.option("--voice", default="local", show_default=True, help="Which voice speaks the text.")
@click.option("--text", help="What to say.")
@click.option("--text-file", metavar="FILE", help="A UTF-8 file to read aloud; - is stdin.")
@click.option("--audio", metavar="FILE", help="A recording to lip-sync to; - is stdin.")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The video to write, .mp4 or .webm; replaced if it is there.",
)
@click.option("--width", type=int, help="Width of the picture in pixels.")
@click.option("--height", type=int, help="Height of the picture in pixels.")
@click.option("--fps", type=int, help="Pictures per second.")
def command(
    avatar: str,
    voice: str,
    text: str | None,
    text_file: str | None,
    audio: str | None,
    out: Path,
    **size: int | None,
) -> None:
    """Speak a text, or a recording, into a video file.

    It is written as fast as this machine can draw, and can be played whenever you stop it.

        vision-agents render --text "Hello, world." --out hello.mp4
    """
    if sum(given is not None for given in (text, text_file, audio)) != 1:
        raise click.UsageError("give exactly one of --text, --text-file and --audio")
    face = {"name": avatar, **{key: value for key, value in size.items() if value is not None}}
    with _Bar(out) as bar:
        if audio is not None:
            with _audio_file(audio) as recording:
                ended = run(_render_audio(recording, face, out, bar))
            warning = recording.damage
        else:
            ended = run(_render_text(_text(text, text_file), voice, face, out, bar))
            warning = None
    if warning:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)
    if not ended:
        click.echo(f"\nStopped. {bar.result()}", err=True)
        sys.exit(130)
    click.echo(bar.result())


async def _render_text(text: str, voice: str, face: dict[str, Any], out: Path, bar: _Bar) -> None:
    from vision_agents.core.plugin import Registry

    pace = _pace_class()(Registry().create_voice(voice), text, bar)
    async with _agent(face, out, bar, tts=pace).join() as agent:
        await agent.say(text)
        await agent.finish()
    if not bar.seconds:
        raise MediaError("nothing was written: the text has nothing in it that can be pronounced")


async def _render_audio(audio: AudioFile, face: dict[str, Any], out: Path, bar: _Bar) -> None:
    bar.total(audio.duration_s)
    async with _agent(face, out, bar).join() as agent:
        await agent.play(audio)
        await agent.finish()


def _agent(face: dict[str, Any], out: Path, bar: _Bar, tts: TTS | None = None) -> Agent:
    from vision_agents.core import Agent
    from vision_agents.core.edge.recorder import RecorderEdge

    bar.recorder = RecorderEdge(out, on_progress=bar.progress)
    return Agent(edge=bar.recorder, tts=tts, avatar=face, on_avatar_failure="raise")


def _text(text: str | None, text_file: str | None) -> str:
    if text is None:
        assert text_file is not None
        text = _read_text(text_file)
    if not text.strip():
        raise ConfigError("there is nothing to say: the text is empty")
    return text


def _read_text(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as exc:
        raise ConfigError(f"cannot read {name}: {exc.strerror}") from exc
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(
            f"{name} is not UTF-8 text (byte {exc.start}); to speak a recording use --audio"
        ) from exc


@contextmanager
def _audio_file(name: str) -> Iterator[AudioFile]:
    from vision_agents.core.media.audio_file import AudioFile

    if name != STDIN:
        with AudioFile(Path(name), name=name) as file:
            yield file
        return
    # Most formats need to be read back and forth, which a pipe cannot.
    with tempfile.TemporaryFile() as copy:
        while piece := sys.stdin.buffer.read(1 << 20):
            copy.write(piece)
        if not copy.tell():
            raise MediaError("standard input is empty")
        copy.seek(0)
        with AudioFile(copy, name="standard input") as file:
            yield file


class _Bar:
    """What a person sees meanwhile: how much is written, of how much, and how fast."""

    def __init__(self, out: Path) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.recorder: RecorderEdge | None = None
        self.seconds = 0.0
        self._out = out
        self._began_s = time.monotonic()
        self._bar = Progress(
            TextColumn(f"{out.name}"),
            BarColumn(),
            TextColumn("{task.fields[written]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, written="starting")

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.recorder is not None:
            self.seconds = self.recorder.recorded_s
        self._took_s = time.monotonic() - self._began_s
        self._bar.stop()

    def total(self, seconds: float | None) -> None:
        """The length to come, as far as known."""
        self._bar.update(self._task, total=seconds)

    def progress(self, seconds: float) -> None:
        """So much is written."""
        self.seconds = seconds
        written = f"{seconds:.1f} s, {self._speed(time.monotonic() - self._began_s)}"
        self._bar.update(self._task, completed=seconds, written=written)

    def result(self) -> str:
        """The last line."""
        if not self.seconds:
            return f"Nothing was written to {self._out}."
        return (
            f"{self._out}: {self.seconds:.1f} s of video in {self._took_s:.1f} s "
            f"({self._speed(self._took_s)})"
        )

    def _speed(self, took_s: float) -> str:
        return f"{self.seconds / max(took_s, 0.001):.1f}x real time"


def _pace_class() -> type[Any]:
    """The class below, made when a text is spoken: its base loads more than an error needs."""
    from vision_agents.core.tts import TTS

    class Pace(TTS):
        """Passes a voice on and tells the bar how long the whole text will be."""

        def __init__(self, voice: TTS, text: str, bar: _Bar) -> None:
            super().__init__()
            self.provider_name = voice.provider_name
            self._voice, self._bar = voice, bar
            self._all = sum(1 for character in text if not character.isspace())
            self._characters, self._seconds = 0, 0.0

        async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
            async for chunk in self._voice.synthesize(text):
                self._seconds += chunk.data.duration
                yield chunk
            self._characters += sum(1 for character in text if not character.isspace())
            self._bar.total(self._seconds * self._all / max(self._characters, 1))

        async def start(self) -> None:
            await self._voice.start()

        async def close(self) -> None:
            await self._voice.close()

    return Pace
