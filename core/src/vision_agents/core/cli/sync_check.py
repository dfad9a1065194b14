"""``vision-agents sync-check``: play speech with markers through an avatar, say what is in step."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vision_agents.core.cli.plot import offset_plot
from vision_agents.core.cli.running import run
from vision_agents.core.errors import ProviderTimeoutError

if TYPE_CHECKING:
    from vision_agents.core.avatars import Avatar
    from vision_agents.core.sync.report import SyncReport
    from vision_agents.core.testing.markers import MarkerReport

UTTERANCE_S = 5.0
LEAST_MARKERS = 3


@click.command("sync-check")
@click.option("--avatar", default="local", show_default=True, help="Which avatar to measure.")
@click.option(
    "--seconds",
    default=15.0,
    show_default=True,
    type=click.FloatRange(1.0, 600.0),
    help="How much to let it speak.",
)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the offset over time as SVG.",
)
@click.option("--width", type=int, help="Width of the picture in pixels.")
@click.option("--height", type=int, help="Height of the picture in pixels.")
@click.option("--fps", type=int, help="Pictures per second.")
def command(avatar: str, seconds: float, plot: Path | None, **size: int | None) -> None:
    """Play beeps through an avatar in real time and print how far picture and sound lie apart.

    An avatar whose pictures answer the beeps with flashes, as every sandbox's does, is measured
    from the published picture and sound. Of any other face the sync engine's own account is given.

        vision-agents sandbox anam -- vision-agents sync-check --avatar anam
    """
    face = {"name": avatar, **{key: value for key, value in size.items() if value is not None}}
    result = Outcome(avatar)
    if not run(_measure(face, seconds, result)):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    for line in result.lines():
        click.echo(line)
    if plot is not None:
        plot.write_text(offset_plot(result.points(), result.title()), encoding="utf-8")
        click.echo(f"Plotted in {plot}")


@dataclass
class Outcome:
    """What was measured: by markers in the media, and by the engine itself."""

    avatar: str
    markers: MarkerReport | None = None
    reports: list[SyncReport] = field(default_factory=list)

    @property
    def seen(self) -> bool:
        """Whether the offset was read off the media."""
        return self.markers is not None and len(self.markers.all_offsets) >= LEAST_MARKERS

    def points(self) -> list[tuple[float, float]]:
        """``(seconds, milliseconds)`` from the beginning."""
        if self.seen and self.markers is not None:
            points = list(self.markers.timeline)
        else:
            points = [(report.at_s, report.offset_ms_p50) for report in self.reports]
        first_s = points[0][0] if points else 0.0
        return [(at_s - first_s, offset) for at_s, offset in points]

    def title(self) -> str:
        how = "flash and beep" if self.seen else "the engine's own account"
        return f"{self.avatar}: lip-sync ({how})"

    def lines(self) -> list[str]:
        """The result in words."""
        out = [self.title()]
        if self.seen and self.markers is not None:
            report = self.markers
            out += [
                f"  offset        {report.median_ms:+.1f} ms (median, picture late is +),"
                f" 95 % within {report.p95_ms():.1f} ms",
                f"  markers       {len(report.all_offsets)} seen and heard,"
                f" {len(report.missing_pictures)} not seen, {len(report.missing_sounds)} not heard",
                f"  holes         {sum(length for _, length in report.gaps) * 1000:.0f} ms"
                f" of silence inside speech",
            ]
        if self.reports:
            last = self.reports[-1]
            worst = max(report.offset_ms_p95 for report in self.reports)
            out += [
                f"  engine        95 % of pictures within {worst:.1f} ms of their sound,"
                f" delay {last.delay_s * 1000:.0f} ms, jitter {last.jitter_s * 1000:.0f} ms",
                f"  pictures      {last.shown} shown, {last.repeated} repeated,"
                f" {last.dropped} dropped, {last.late} late, {last.thinned} thinned",
                f"  silence       {last.inserted_silence_s * 1000:.0f} ms put into speech,"
                f" {last.shortened_silence_s * 1000:.0f} ms of pauses left out",
            ]
        if not self.seen:
            out.append("  The pictures carry no markers, so what a viewer sees was not measured.")
        return out


async def _measure(face: dict[str, Any], seconds: float, result: Outcome) -> None:
    from vision_agents.core.plugin import Registry
    from vision_agents.core.testing.viewer import MeasuredCall

    avatar: Avatar = Registry().create_avatar(face)
    stop = avatar.audio_output().on_report(result.reports.append)
    try:
        async with MeasuredCall(avatar, fps=_fps(avatar)) as call:
            left_s = seconds
            while left_s > 0.5:
                click.echo(f"speaking, {left_s:.0f} s to go", err=True)
                await call.say(min(UTTERANCE_S, left_s))
                left_s -= UTTERANCE_S
            result.markers = call.report()
    except TimeoutError as exc:
        raise ProviderTimeoutError(
            "the end of an utterance", provider=result.avatar, timeout_s=20.0
        ) from exc
    finally:
        stop()


def _fps(avatar: Avatar) -> float:
    return float(getattr(avatar.video_output(), "fps", 30))
