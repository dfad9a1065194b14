"""Pictures of the face: every size, no trace of the last frame, and a mouth that shows."""

from __future__ import annotations

import numpy as np
import pytest

from vision_agents.plugins.local.face.canvas import planes
from vision_agents.plugins.local.face.framing import framing
from vision_agents.plugins.local.face.loop import BodyLoop
from vision_agents.plugins.local.face.renderer import FaceRenderer
from vision_agents.plugins.local.face.shapes import REST, SHAPES
from vision_agents.plugins.local.visemes.inventory import INDEX, VISEMES

AA = SHAPES[INDEX["aa"]]
LOOP_FRAMES = 240


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (1280, 720), (640, 360), (1920, 1080), (854, 480), (720, 1280), (1080, 1920), (480, 480),
        (640, 480), (2560, 1080), (320, 240), (160, 90), (16, 16), (2, 2), (2, 720), (1280, 2),
    ],
)  # fmt: skip
def test_any_even_size_is_drawn(width: int, height: int) -> None:
    frame = FaceRenderer(width, height, 30).render(0, AA)
    assert (frame.width, frame.height, frame.format.name) == (width, height, "yuv420p")
    if width * height > 10_000:
        luma = planes(frame)[0]
        assert luma.std() > 15
        assert 10 < luma.mean() < 230


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (720, 1280), (480, 480)])
def test_the_face_is_in_the_picture_and_only_the_face_moves(width: int, height: int) -> None:
    at = framing(width, height)
    scale = (0.5 if at.half_size else 1.0) * width / at.width
    rest, open_mouth = (planes(FaceRenderer(width, height, 30).render(0, m))[0] for m in (REST, AA))
    rows, columns = np.nonzero(np.abs(rest.astype(int) - open_mouth) > 12)
    assert len(rows) > 1500 * scale * scale
    assert 0.25 * width < columns.mean() < 0.75 * width
    assert columns.max() - columns.min() < 320 * scale
    assert rows.max() - rows.min() < 200 * scale


def test_the_sides_show_the_whole_wall_and_the_head_has_room() -> None:
    wide, square, tall = framing(2560, 1080), framing(720, 720), framing(1080, 1920)
    assert wide.left > 0
    assert square.left < 0
    assert tall.width >= 500
    assert tall.top > 0
    assert framing(1280, 720).left == framing(1280, 720).top == 0


def test_each_viseme_has_a_look_of_its_own() -> None:
    renderer = FaceRenderer(1280, 720, 30)
    looks = [planes(renderer.render(0, shape))[0][380:600, 540:740].astype(int) for shape in SHAPES]
    for first in range(len(VISEMES)):
        for second in range(first):
            assert np.abs(looks[first] - looks[second]).mean() > 0.15, (first, second)


def test_frames_are_new_and_leave_the_loop_as_it_is() -> None:
    talking, quiet = FaceRenderer(640, 360, 30), FaceRenderer(640, 360, 30)
    for number in range(LOOP_FRAMES + 3):
        shouted = talking.render(number, AA)
        silent = quiet.render(number, REST)
    # Had an open mouth been drawn into the decoder's references, it would show by now.
    again = talking.render(LOOP_FRAMES + 3, REST)
    after = quiet.render(LOOP_FRAMES + 3, REST)
    assert np.array_equal(planes(again)[0], planes(after)[0])
    assert not np.array_equal(planes(shouted)[0], planes(silent)[0])


def test_the_loop_closes_without_a_jump() -> None:
    loop = BodyLoop(half_size=True)
    assert len(loop) == LOOP_FRAMES

    def picture(index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        return planes(loop.frame(index)[0])[0].astype(np.int16)

    seam = np.abs(picture(LOOP_FRAMES) - picture(LOOP_FRAMES - 1)).mean()
    usual = [np.abs(picture(n + 1) - picture(n)).mean() for n in range(100, 120)]
    assert seam < 3 * max(usual)
    first, last = loop.frame(LOOP_FRAMES)[1], loop.frame(2 * LOOP_FRAMES - 1)[1]
    assert first.c == pytest.approx(last.c, abs=0.5)


@pytest.mark.parametrize("fps", [1, 15, 24, 60])
def test_the_body_moves_at_its_own_speed_at_any_rate(fps: int) -> None:
    slow, usual = FaceRenderer(640, 360, fps), FaceRenderer(640, 360, 30)
    later = planes(slow.render(2 * fps, REST))[0]
    assert np.array_equal(later, planes(usual.render(60, REST))[0])


def test_frames_carry_their_time() -> None:
    frame = FaceRenderer(640, 360, 25).render(50, REST)
    assert frame.time == pytest.approx(2.0)


def test_the_mouth_moves_by_fractions_of_a_pixel() -> None:
    renderer = FaceRenderer(1280, 720, 30)
    before = planes(renderer.render(0, AA))[0].astype(int)
    nudged = AA.copy()
    nudged[2] += 0.25  # the lower lip, a quarter of a head pixel down
    change = np.abs(planes(renderer.render(0, nudged))[0].astype(int) - before)
    assert 0 < change.max() < 60
    assert change.sum() > 500
