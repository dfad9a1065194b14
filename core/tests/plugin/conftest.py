"""A folder that stands for site-packages, and a registry that sees nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vision_agents.core.plugin import Registry
from vision_agents.core.testing.discovery import entry_points_in, importable, write_distribution

HOOKS = """
    from dataclasses import dataclass
    from vision_agents.core.plugin import (
        AvatarProvider, AvatarSettings, construct, hookimpl, secret, setting)

    @dataclass(frozen=True, kw_only=True)
    class AcmeSettings(AvatarSettings):
        api_key: str = secret(env="ACME_API_KEY", help="from the Acme console")
        fps: int = setting(25, env="ACME_FPS")

    @hookimpl
    def vision_agents_avatar_provider() -> AvatarProvider:
        return AvatarProvider(
            name={name!r}, api={api}, summary="a test", settings=AcmeSettings,
            factory=construct("{package}.avatar:{cls}"))
"""

AVATAR = """
    from vision_agents.core.avatars import Avatar

    class AcmeAvatar(Avatar):
        provider_name = "acme"

        def __init__(self, *, api_key, fps):
            super().__init__()
            self.api_key, self.fps = api_key, fps

        def video_output(self): ...
        def audio_output(self): ...
        async def start(self): ...
        async def close(self): ...
"""


class SitePackages:
    """Puts packages into the folder; short forms for the shapes that the tests need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def registry(self) -> Registry:
        return Registry(entry_points_in(self.folder))

    def add(
        self,
        distribution: str,
        hooks: str,
        *,
        keys: tuple[str, ...] = ("acme",),
        group: str = "vision_agents.avatars",
        package: str | None = None,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        avatar: str = AVATAR,
    ) -> None:
        """One distribution whose entry points ``keys`` all name its ``hooks`` module."""
        package = package or distribution.replace("-", "_")
        write_distribution(
            self.folder,
            distribution,
            version=version,
            entry_points={group: dict.fromkeys(keys, f"{package}.hooks")},
            modules={f"{package}.hooks": hooks, f"{package}.avatar": avatar},
            requires=requires,
        )

    def add_good(
        self,
        distribution: str = "acme-avatar",
        *,
        name: str = "acme",
        keys: tuple[str, ...] = ("acme",),
        api: str | int = 1,
        cls: str = "AcmeAvatar",
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        avatar: str = AVATAR,
    ) -> None:
        """A package that works, unless ``api`` or ``cls`` says otherwise."""
        package = distribution.replace("-", "_")
        hooks = HOOKS.format(name=name, api=api, package=package, cls=cls)
        self.add(distribution, hooks, keys=keys, version=version, requires=requires, avatar=avatar)

    def add_bad(self, hooks: str, *, requires: tuple[str, ...] = ()) -> None:
        """A package whose avatar ``bad`` is as bad as its ``hooks``."""
        self.add("bad-avatar", hooks, keys=("bad",), requires=requires)

    def why_not(self, name: str, error: type[Exception]) -> str:
        """What is said to somebody who asks for the avatar ``name``."""
        with pytest.raises(error) as caught:
            self.registry().avatar(name)
        return str(caught.value)

    def why_not_built(self, avatar: Any, error: type[Exception]) -> str:
        """What is said to somebody who wants ``avatar`` built, a name or a table."""
        with pytest.raises(error) as caught:
            self.registry().create_avatar(avatar)
        return str(caught.value)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SitePackages]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    with importable(folder):
        yield SitePackages(folder)
