"""How long ``vision-agents avatars`` takes with fifty providers, against ``--version`` with none.

    python benchmarks/list_avatars.py [pairs]

Makes an empty environment, puts core and pluggy and click on its path, and fifty provider
packages beside them; runs the two commands in alternation and prints the medians and the median
of the paired ratios.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vision_agents.core.testing.discovery import write_distribution

PROVIDERS = 50
MAIN = "from vision_agents.core.cli import main; main()"

HOOKS = """
from fake{number}.settings import FakeSettings
from vision_agents.core.plugin import AVATAR_API, AvatarProvider, Capabilities, construct, hookimpl

@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    return AvatarProvider(
        name="fake{number}", api=AVATAR_API, summary="One of fifty", settings=FakeSettings,
        capabilities=Capabilities(sample_rate_hz=16000, max_session_s=600, needs_account=True),
        factory=construct("fake{number}.avatar:FakeAvatar"))
"""
SETTINGS = """
from __future__ import annotations
from dataclasses import dataclass
from vision_agents.core.plugin import AvatarSettings, secret, setting

@dataclass(frozen=True, kw_only=True)
class FakeSettings(AvatarSettings):
    api_key: str = secret(env="FAKE_API_KEY", help="from the console")
    avatar_id: str | None = setting(None, env="FAKE_AVATAR_ID", help="which face")
    base_url: str = setting("https://api.fake.invalid", env="FAKE_BASE_URL")
    width: int = setting(1280)
    height: int = setting(720)
    fps: int = setting(25)
"""


def seconds(arguments: list[str], site: Path) -> float:
    """Wall time of one run of the command."""
    cache = str(site / "cache")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "XDG_CACHE_HOME": cache}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-S", "-c", MAIN, *arguments], env=env, check=True, capture_output=True
    )
    return time.perf_counter() - began


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    import click
    import pluggy

    import vision_agents.core

    # Only these three packages and no site-packages, so that what else is installed here does not
    # count: an installation finds its entry points by listing one folder.
    parts = [Path(module.__file__ or "").parent for module in (click, pluggy)]
    core = Path(vision_agents.core.__file__ or "").parent
    with tempfile.TemporaryDirectory() as folder:
        bare, full = Path(folder, "bare"), Path(folder, "full")
        for site in (bare, full):
            (site / "vision_agents").mkdir(parents=True)
            (site / "vision_agents" / "core").symlink_to(core)
            for part in parts:
                (site / part.name).symlink_to(part)
        for number in range(PROVIDERS):
            write_distribution(
                full,
                f"fake{number}-avatar",
                entry_points={"vision_agents.avatars": {f"fake{number}": f"fake{number}.hooks"}},
                modules={
                    f"fake{number}.hooks": HOOKS.format(number=number),
                    f"fake{number}.settings": SETTINGS,
                },
            )
            (full / f"fake{number}" / "avatar.py").write_text("raise SystemExit('not light')")
        seconds(["--version"], bare)
        seconds(["avatars"], full)  # byte-compiles
        first = []
        for _ in range(5):
            shutil.rmtree(full / "cache")
            first.append(seconds(["avatars"], full))
        version, avatars = [], []
        for _ in range(pairs):
            version.append(seconds(["--version"], bare))
            avatars.append(seconds(["avatars"], full))
    ratios = [b / a for a, b in zip(version, avatars, strict=True)]
    print(f"--version, no provider   median {statistics.median(version) * 1e3:6.1f} ms")
    print(f"  the first time         median {statistics.median(first) * 1e3:6.1f} ms")
    print(f"avatars, {PROVIDERS} providers    median {statistics.median(avatars) * 1e3:6.1f} ms")
    print(f"ratio (paired)           median {statistics.median(ratios):6.2f}")


if __name__ == "__main__":
    main()
