"""Pictures of any size and format become yuv420p of ours, with the right colours."""

from __future__ import annotations

from collections.abc import Callable

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from core.tests.media.decoding import decoded
from vision_agents.core.media.frames import (
    TIME_BASE,
    FrameFitter,
    FrameStamper,
    blank_frame,
    blend,
    planes,
)


def grey(size: tuple[int, int], luma: int, format: str = "yuv420p") -> av.VideoFrame:
    """Filled by hand: libswscale of av 16 ends the process when it makes an odd size of RGBA."""
    frame = av.VideoFrame(*size, format)
    rgb = round((luma - 16) * 255 / 219)
    levels = [rgb] if format.startswith("rgb") else [luma, 128, 128]
    for plane, level in zip(frame.planes, levels, strict=False):
        np.frombuffer(memoryview(plane), np.uint8)[:] = level
    return frame


def test_the_right_size_is_not_touched() -> None:
    frame = grey((64, 48), 100)
    assert FrameFitter(64, 48).fit(frame) is frame


@pytest.mark.parametrize("size", [(640, 480), (641, 361), (100, 333), (2, 2), (1920, 1080), (1, 9)])
@pytest.mark.parametrize("format", ["yuv420p", "rgba", "rgb24", "nv12"])
def test_every_size_is_letterboxed_in_black(size: tuple[int, int], format: str) -> None:
    frame = grey(size, 180, format)
    frame.pts, frame.time_base = 77, TIME_BASE
    fitted = FrameFitter(320, 180).fit(frame)
    luma, u, v = planes(fitted)
    assert (fitted.width, fitted.height, fitted.format.name) == (320, 180, "yuv420p")
    assert (fitted.pts, fitted.time_base) == (77, TIME_BASE)
    assert abs(int(luma[90, 160]) - 180) <= 3
    assert abs(int(u[45, 80]) - 128) <= 2
    assert abs(int(v[45, 80]) - 128) <= 2
    if size[0] * 180 < size[1] * 320 * 0.9:
        assert luma[90, 0] == luma[90, 319] == 16
    elif size[0] * 180 > size[1] * 320 * 1.1:
        assert luma[0, 160] == luma[179, 160] == 16


def test_full_range_becomes_video_range() -> None:
    """White of a webcam's yuvj420p is 255; in video it is 235."""
    frame = av.VideoFrame(64, 48, "yuvj420p")
    for plane, level in zip(planes(frame), (255, 128, 128), strict=True):
        plane[:] = level
    fitted = FrameFitter(64, 48).fit(frame)
    assert fitted.format.name == "yuv420p"
    assert abs(int(planes(fitted)[0][24, 32]) - 235) <= 2
    tagged = grey((64, 48), 255)
    tagged.color_range = ColorRange.JPEG
    assert abs(int(planes(FrameFitter(64, 48).fit(tagged))[0][24, 32]) - 235) <= 2


def test_fitted_pictures_are_never_changed_later() -> None:
    """Memory is used again only once nobody holds the picture, a stamped copy included."""
    fitter, stamper = FrameFitter(64, 48), FrameStamper(64, 48)
    held = [fitter.fit(grey((32, 24), level)) for level in range(20, 200, 10)]
    stamped = [stamper.stamp(frame, n) for n, frame in enumerate(held)]
    del held
    for _ in range(40):
        fitter.fit(grey((32, 24), 235))
    assert [int(planes(frame)[0][24, 32]) for frame in stamped] == list(range(20, 200, 10))


def test_sizes_and_formats_may_change_from_picture_to_picture() -> None:
    fitter = FrameFitter(320, 180)
    for size, format, level in (
        ((160, 90), "yuv420p", 60), ((160, 90), "rgb24", 90), ((640, 480), "nv12", 120),
        ((160, 90), "yuv420p", 150),
    ):  # fmt: skip
        fitted = fitter.fit(grey(size, level, format))
        assert abs(int(planes(fitted)[0][90, 160]) - level) <= 3


@pytest.mark.parametrize("size", [(960, 540), (640, 360), (1024, 576), (854, 480), (1000, 562)])
def test_an_enlarged_picture_stays_in_place(size: tuple[int, int]) -> None:
    """A ramp from left to right: a shift of the picture shows as a difference in level."""
    frame = blank_frame(*size)
    planes(frame)[0][:] = np.linspace(20, 220, size[0])
    luma = planes(FrameFitter(1280, 720).fit(frame))[0]
    wanted = np.linspace(20, 220, 1280)
    assert np.abs(luma - wanted).max() <= 1.5  # a level is six pixels wide


def test_a_stamped_frame_shares_its_picture_and_nothing_else() -> None:
    frame = decoded(grey((64, 48), 100))
    frame.pts = 5
    stamper = FrameStamper(64, 48)
    one, two = stamper.stamp(frame, 10), stamper.stamp(frame, 20)
    assert (frame.pts, one.pts, two.pts) == (5, 10, 20)
    assert [p.buffer_ptr for p in one.planes] == [p.buffer_ptr for p in frame.planes]
    del frame, two
    assert int(planes(one)[0][0, 0]) == 100


def test_blending_leaves_both_alone() -> None:
    a, b = grey((64, 48), 40), grey((64, 48), 200)
    assert int(planes(blend(a, b, 0.5))[0][0, 0]) == 120
    assert int(planes(a)[0][0, 0]) == 40
    assert int(planes(b)[0][0, 0]) == 200


def test_memory_of_a_full_queue(figure: Callable[[str], None]) -> None:
    """Thirty pictures of 1080p, one in hand and one on screen."""
    size = sum(plane.nbytes for plane in planes(blank_frame(1920, 1080)))
    figure(f"a full queue of 1080p: {32 * size / 1e6:.0f} MB")
    assert 32 * size < 100e6
    assert np.prod((1920, 1080)) * 1.5 == size
