"""Bake the idle loop: python -m plugins.local.tools.bake.bake [--out FOLDER]

Draws the figure without its mouth for eight seconds and writes ``loop720.mp4``, ``loop360.mp4`` and
``loop.npy`` (one 2x3 affine per frame, head coordinates to pixels). Needs skia-python, which needs
the system's libGL and libEGL; nothing of it is needed to show the result. Run it from the root of
the repository. All is drawn with fixed seeds: the same machine gives the same pictures.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import skia
from av.video.reformatter import ColorRange, Colorspace

from plugins.local.tools.bake import scene
from plugins.local.tools.bake.face import Look

FPS: Final = 30
FRAMES: Final = 240
ASSETS: Final = Path(__file__).parents[2] / "src/vision_agents/plugins/local/assets"

_TURN: Final = 2 * np.pi / FRAMES  # every motion has a whole number of periods: the loop closes
_BLINK: Final = (0.35, 0.85, 1.0, 0.8, 0.45, 0.15)
_BLINKS_AT: Final = (38, 128, 137, 205)
# From frame, to frame, x, y: where the eyes look away for a moment.
_GLANCES: Final = ((60, 95, -0.45, 0.1), (95, 120, -0.1, 0.0), (150, 185, 0.4, -0.2),
                   (205, 226, 0.1, 0.25))  # fmt: skip


def pose(frame: int) -> scene.Pose:
    """Sway and breath."""
    at = frame * _TURN
    return scene.Pose(
        turn_degrees=float(0.9 * np.sin(at) + 0.35 * np.sin(3 * at + 1)),
        shift_x=float(3.2 * np.sin(at + 0.6) + 1.0 * np.sin(2 * at)),
        shift_y=float(1.6 * np.sin(2 * at + 0.4) + 0.5 * np.sin(5 * at)),
        breath=float(0.5 + 0.5 * np.sin(2 * at)),
    )


def looks() -> list[Look]:
    """Blinks, glances and brows, frame by frame."""
    blink, gaze = np.zeros(FRAMES), np.zeros((2, FRAMES))
    for begin in _BLINKS_AT:
        span = slice(begin, begin + len(_BLINK))
        blink[span] = np.maximum(blink[span], _BLINK)
    for begin, end, x, y in _GLANCES:
        gaze[:, begin:end] = ((x,), (y,))
    kernel = (0.1, 0.2, 0.4, 0.2, 0.1)  # a glance takes five frames
    smooth = [np.convolve(np.pad(row, 2, mode="wrap"), kernel, "valid") for row in gaze]
    return [
        Look(
            blink=float(blink[frame]),
            gaze_x=float(smooth[0][frame]),
            gaze_y=float(smooth[1][frame]),
            brows=float(0.25 * np.sin(2 * frame * _TURN)),
        )
        for frame in range(FRAMES)
    ]


class LoopWriter:
    """One H.264 file without B frames and with one key frame: a packet in is a frame out."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._container = av.open(str(path), "w")
        self._stream = self._container.add_stream("libx264", rate=FPS)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {
            "crf": "16",
            "preset": "veryslow",
            "g": str(2 * FRAMES),
            "bf": "0",
            "threads": "1",
            # The key frame as good as the rest, or the picture would pulse once per loop.
            "x264-params": "ipratio=1.0:scenecut=0",
        }

    def write(self, pixels: npt.NDArray[np.uint8], number: int) -> None:
        """Append BGRA pixels."""
        frame = av.VideoFrame.from_ndarray(pixels, format="bgra").reformat(
            self._stream.width, self._stream.height, "yuv420p",
            dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG,
            interpolation="AREA",
        )  # fmt: skip
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def bake(folder: Path) -> None:
    """Draw all frames and write the three files."""
    pixels = np.zeros((scene.HEIGHT, scene.WIDTH, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kBGRA_8888_ColorType)
    wall = scene.wall()
    large = LoopWriter(folder / "loop720.mp4", scene.WIDTH, scene.HEIGHT)
    small = LoopWriter(folder / "loop360.mp4", scene.WIDTH // 2, scene.HEIGHT // 2)
    affines = []
    for frame, look in enumerate(looks()):
        scene.paint(surface.getCanvas(), wall, pose(frame), look)
        large.write(pixels, frame)
        small.write(pixels, frame)
        matrix = scene.head_matrix(pose(frame))
        affines.append([matrix[n] for n in range(6)])
        print(f"\r{frame + 1} of {FRAMES} frames", end="", file=sys.stderr)
    large.close()
    small.close()
    np.save(folder / "loop.npy", np.array(affines, np.float32))
    print(file=sys.stderr)
    for name in ("loop720.mp4", "loop360.mp4", "loop.npy"):
        print(f"{name}: {(folder / name).stat().st_size / 1000:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Bake the idle loop of the embedded avatar.")
    parser.add_argument("--out", type=Path, default=ASSETS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    bake(options.out)


if __name__ == "__main__":
    main()
