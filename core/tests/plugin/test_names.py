"""Which plugin a name means: how it may be written, in which group, and whose it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from vision_agents.core.plugin.errors import UnknownPluginError
from vision_agents.core.plugin.registry import Registry
from vision_agents.core.testing.discovery import entry_points_in, write_distribution

if TYPE_CHECKING:
    from .conftest import SitePackages


def test_a_name_builds_the_avatar_of_the_installed_package(site: SitePackages) -> None:
    site.add_good()
    avatar: Any = site.registry().create_avatar({"name": "acme", "api_key": "k", "fps": 30})
    assert avatar.provider_name == "acme"
    assert (avatar.api_key, avatar.fps) == ("k", 30)


@pytest.mark.parametrize("written", ["my-face", "My_Face", "my.face", " MY--FACE "])
def test_names_are_normalised_as_package_names_are(site: SitePackages, written: str) -> None:
    site.add_good(name="My_Face", keys=("my_face",))
    assert site.registry().avatar(written).name == "My_Face"


def test_an_alias_is_the_same_plugin_loaded_once(site: SitePackages) -> None:
    site.add_good(keys=("acme", "acme-classic"))
    registry = site.registry()
    assert registry.avatar("acme-classic") is registry.avatar("acme")
    (row,) = registry.list_avatars()
    assert (row.name, row.aliases) == ("acme", ("acme-classic",))


def test_an_instance_skips_the_registry(site: SitePackages) -> None:
    site.add_good()
    avatar = site.registry().create_avatar({"name": "acme", "api_key": "k"})
    assert Registry(()).create_avatar(avatar) is avatar


def test_a_name_imports_only_what_it_needs(site: SitePackages) -> None:
    site.add_good("acme-avatar")
    site.add_good("other-avatar", name="other", keys=("other",))
    site.registry().avatar("acme")
    assert "acme_avatar.hooks" in sys.modules
    assert "acme_avatar.avatar" not in sys.modules  # only the factory needs it
    assert "other_avatar" not in sys.modules


def test_what_is_installed_is_found_when_nothing_is_injected(site: SitePackages) -> None:
    site.add_good()  # its folder is on sys.path, as site-packages is
    assert Registry().avatar("acme").summary == "a test"


def test_the_same_distribution_twice_on_the_path_is_one(site: SitePackages) -> None:
    site.add_good()
    registry = Registry(entry_points_in(site.folder, site.folder))
    assert registry.avatar("acme").name == "acme"


def test_a_voice_of_the_same_name_is_another_thing(site: SitePackages) -> None:
    site.add_good("acme-avatar")
    site.add(
        "acme-voice",
        """
        from vision_agents.core.plugin import Settings, VoiceProvider
        def vision_agents_voice_provider():
            return VoiceProvider(
                name="acme", api=1, summary="says it", settings=Settings, factory=object)
        """,
        group="vision_agents.voices",
    )
    registry = site.registry()
    assert registry.voice("acme").summary == "says it"
    assert registry.avatar("acme").summary == "a test"
    with pytest.raises(UnknownPluginError):
        registry.edge("acme")


def test_one_module_may_provide_an_avatar_and_a_voice(site: SitePackages) -> None:
    hooks = """
        from vision_agents.core.plugin import AvatarProvider, Settings, VoiceProvider
        def vision_agents_avatar_provider():
            return AvatarProvider(
                name="both", api=1, summary="a face", settings=Settings, factory=object)
        def vision_agents_voice_provider():
            return VoiceProvider(
                name="both", api=1, summary="a voice", settings=Settings, factory=object)
    """
    groups = ("vision_agents.avatars", "vision_agents.voices")
    write_distribution(
        site.folder,
        "both",
        entry_points={group: {"both": "both.hooks"} for group in groups},
        modules={"both.hooks": hooks},
    )
    registry = site.registry()
    assert registry.avatar("both").summary == "a face"
    assert registry.voice("both").summary == "a voice"
