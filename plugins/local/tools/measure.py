"""Time the embedded avatar: python -m plugins.local.tools.measure

CPU per frame at three sizes, visemes and voice per second of speech, and in a fresh process the
time from the first import to the first picture and sound. Run it from the root of the repository,
on a machine with nothing else to do: CPU times double when others fill the caches.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import vision_agents.plugins.local

ASSETS: Final = Path(vision_agents.plugins.local.__path__[0]) / "assets"
TEXT: Final = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 20


def cpu_ms(work: Callable[[int], object], count: int) -> float:
    """CPU milliseconds per call; the best of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for number in range(count):
            work(number)
        rounds.append((time.process_time() - began) * 1e3 / count)
    return min(rounds)


def measure_pictures() -> None:
    from vision_agents.plugins.local.face.renderer import FaceRenderer
    from vision_agents.plugins.local.face.shapes import SHAPES

    for width, height in ((1280, 720), (640, 360), (1920, 1080), (720, 1280)):
        renderer = FaceRenderer(width, height, 30)
        frame = cpu_ms(lambda n, r=renderer: r.render(n, SHAPES[n % 15]), 60)  # type: ignore[misc]
        print(f"frame {width}x{height}: {frame:.2f} ms CPU")


def measure_speech() -> None:
    import numpy as np

    from plugins.local.tools.visemes.speech import espeak
    from vision_agents.plugins.local.tts.espeak import Voice
    from vision_agents.plugins.local.visemes.classifier import VisemeClassifier
    from vision_agents.plugins.local.visemes.features import RATE_HZ

    voice = Voice("en-us", "Annie", 165, 50, 50)
    pcm, _ = espeak(TEXT, voice)
    spoken = cpu_ms(lambda _: espeak(TEXT, voice), 1) / pcm.duration
    print(f"voice: {spoken:.2f} ms CPU per second of speech")
    noise = np.random.default_rng(0).standard_normal(10 * RATE_HZ).astype(np.float32) * 0.1
    classifier = VisemeClassifier()

    def classify(_: int) -> None:
        for begin in range(0, len(noise), RATE_HZ // 30):
            classifier.push(noise[begin : begin + RATE_HZ // 30])

    print(f"visemes: {cpu_ms(classify, 1) / 10:.2f} ms CPU per second of speech")


async def start_once() -> None:
    """In a fresh process: import, start, first sound and picture."""
    began_s = time.perf_counter()
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.plugins.local import LocalAvatar

    imported_s = time.perf_counter()
    avatar = LocalAvatar()
    avatar.attach_audio_input(AudioOutputStream())
    await avatar.start()
    avatar.audio_output().pull(960, 48_000, time.monotonic())
    await avatar.video_output().recv()
    ready_s = time.perf_counter()
    await avatar.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"start to first picture and sound: {(ready_s - imported_s) * 1e3:.0f} ms "
        f"({(ready_s - began_s) * 1e3:.0f} ms with all imports), {peak_mb:.0f} MB at most"
    )


def main() -> None:
    if sys.argv[1:] == ["start"]:
        asyncio.run(start_once())
        return
    size = sum(path.stat().st_size for path in ASSETS.iterdir())
    print(f"assets: {size / 1e6:.2f} MB")
    subprocess.run([sys.executable, "-m", "plugins.local.tools.measure", "start"], check=True)
    measure_pictures()
    measure_speech()


if __name__ == "__main__":
    main()
