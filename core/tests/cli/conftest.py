"""Run the command line inside the test, against packages in a folder on ``sys.path``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from vision_agents.core.cli.group import vision_agents
from vision_agents.core.testing.discovery import importable, write_distribution

Run: TypeAlias = Callable[..., Result]

HOOKS = """
    from dataclasses import dataclass
    from vision_agents.core.plugin import (
        AVATAR_API, AvatarProvider, AvatarSettings, Capabilities, construct, hookimpl, secret,
        setting)

    @dataclass(frozen=True, kw_only=True)
    class AcmeSettings(AvatarSettings):
        api_key: str = secret(env="ACME_API_KEY", help="from the Acme console")
        base_url: str = setting("http://127.0.0.1:9", env="ACME_URL")
        fps: int = setting(25, env="ACME_FPS")

    @hookimpl
    def vision_agents_avatar_provider() -> AvatarProvider:
        return AvatarProvider(
            name="acme", api=AVATAR_API, summary="Acme's talking head", settings=AcmeSettings,
            capabilities=Capabilities(
                width=640, height=360, fps=25, needs_account=True, needs_services=("base_url",)),
            factory=construct("acme.avatar:AcmeAvatar"),
            sandbox="acme.extras:sandbox", doctor="acme.extras:doctor")
"""

AVATAR = """
    from vision_agents.core.avatars import Avatar

    class AcmeAvatar(Avatar):
        provider_name = "acme"

        def __init__(self, *, api_key, base_url, fps):
            super().__init__()

        def video_output(self): ...
        def audio_output(self): ...
        async def start(self): ...
        async def close(self): ...
"""

EXTRAS = """
    from contextlib import asynccontextmanager
    from vision_agents.core.plugin import Check

    @asynccontextmanager
    async def sandbox(*, port=0, faults=()):
        if set(faults) - {"slow"}:
            raise ValueError(f"no fault named {faults[0]!r}; there are: slow")
        yield {"ACME_URL": f"http://127.0.0.1:{port or 4242}", "ACME_API_KEY": "a key"}

    async def doctor(settings, *, online):
        if settings.fps > 60:
            raise OverflowError("too many")
        return [Check(what="face", ok=settings.fps == 25, remedy="export ACME_FPS=25")]
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a listing remembers comes from another test or stays behind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package ``acme-avatar`` 1.2 is installed, with nothing set in the environment.

    Gives the folder that stands for site-packages.
    """
    folder = tmp_path / "site-packages"
    for name in ("ACME_API_KEY", "ACME_URL", "ACME_FPS"):
        monkeypatch.delenv(name, raising=False)
    write_distribution(
        folder,
        "acme-avatar",
        version="1.2",
        entry_points={"vision_agents.avatars": {"acme": "acme.hooks", "acme-old": "acme.hooks"}},
        modules={"acme.hooks": HOOKS, "acme.avatar": AVATAR, "acme.extras": EXTRAS},
    )
    with importable(folder):
        yield folder


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[None]:
    """The package ``broken-avatar`` is installed; its import fails."""
    folder = tmp_path / "broken"
    write_distribution(
        folder,
        "broken-avatar",
        entry_points={"vision_agents.avatars": {"broken": "broken.hooks"}},
        modules={"broken.hooks": "1 / 0"},
    )
    with importable(folder):
        yield


@pytest.fixture
def run() -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(vision_agents, arguments, prog_name="vision-agents")

    return run
