"""Every way from a name to an avatar, and every way in which it can fail, read as its user does."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from vision_agents.core.errors import ConfigError, PluginError
from vision_agents.core.plugin.errors import (
    BrokenPluginError,
    DuplicatePluginError,
    IncompatiblePluginError,
    MisspeltHookError,
    UnknownPluginError,
)
from vision_agents.core.plugin.registry import Registry
from vision_agents.core.testing.discovery import entry_points_in, write_distribution

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import SitePackages


def message(call: Callable[[], object], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


class TestNames:
    def test_a_name_builds_the_avatar_of_the_installed_package(self, site: SitePackages) -> None:
        site.add_good()
        avatar: Any = site.registry().create_avatar({"name": "acme", "api_key": "k", "fps": 30})
        assert avatar.provider_name == "acme"
        assert (avatar.api_key, avatar.fps) == ("k", 30)

    @pytest.mark.parametrize("written", ["my-face", "My_Face", "my.face", " MY--FACE "])
    def test_names_are_normalised_as_package_names_are(
        self, site: SitePackages, written: str
    ) -> None:
        site.add_good(name="My_Face", keys=("my_face",))
        assert site.registry().avatar(written).name == "My_Face"

    def test_an_alias_is_the_same_plugin_loaded_once(self, site: SitePackages) -> None:
        site.add_good(keys=("acme", "acme-classic"))
        registry = site.registry()
        assert registry.avatar("acme-classic") is registry.avatar("acme")
        (row,) = registry.list_avatars()
        assert (row.name, row.aliases) == ("acme", ("acme-classic",))

    def test_an_instance_skips_the_registry(self, site: SitePackages) -> None:
        site.add_good()
        avatar = site.registry().create_avatar({"name": "acme", "api_key": "k"})
        assert Registry(()).create_avatar(avatar) is avatar

    def test_a_name_imports_only_what_it_needs(self, site: SitePackages) -> None:
        site.add_good("acme-avatar")
        site.add_good("other-avatar", name="other", keys=("other",))
        site.registry().avatar("acme")
        assert "acme_avatar.hooks" in sys.modules
        assert "acme_avatar.avatar" not in sys.modules  # only the factory needs it
        assert "other_avatar" not in sys.modules

    def test_what_is_installed_is_found_when_nothing_is_injected(self, site: SitePackages) -> None:
        site.add_good()  # its folder is on sys.path, as site-packages is
        assert Registry().avatar("acme").summary == "a test"

    def test_the_same_distribution_twice_on_the_path_is_one(self, site: SitePackages) -> None:
        site.add_good()
        registry = Registry(entry_points_in(site.folder, site.folder))
        assert registry.avatar("acme").name == "acme"


class TestSettings:
    def test_what_the_table_leaves_out_comes_from_the_environment(
        self, site: SitePackages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.add_good()
        monkeypatch.setenv("ACME_API_KEY", "from-env")
        monkeypatch.setenv("ACME_FPS", "24")
        avatar: Any = site.registry().create_avatar("acme")
        assert (avatar.api_key, avatar.fps) == ("from-env", 24)

    def test_an_unknown_setting_is_named_with_the_near_miss(self, site: SitePackages) -> None:
        site.add_good()
        assert (
            message(
                lambda: site.registry().create_avatar({"name": "acme", "api_key": "k", "fsp": 3}),
                ConfigError,
            )
            == "AcmeSettings: no setting named 'fsp'; did you mean 'fps'? (it has: api_key, fps)"
        )

    def test_a_missing_key_names_argument_and_variable(
        self, site: SitePackages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.add_good()
        monkeypatch.delenv("ACME_API_KEY", raising=False)
        assert message(lambda: site.registry().create_avatar("acme"), ConfigError) == (
            "AcmeSettings: not set: api_key "
            "(argument api_key= or environment variable ACME_API_KEY)"
        )

    def test_a_table_without_a_name(self) -> None:
        assert (
            message(lambda: Registry(()).create_avatar({"fps": 25}), ConfigError)
            == 'a table for avatar= needs the key "name", a string; it has: fps'
        )

    def test_neither_a_name_nor_an_avatar(self) -> None:
        bad: Any = 3
        assert (
            message(lambda: Registry(()).create_avatar(bad), ConfigError)
            == 'avatar=3 is neither an Avatar nor a name nor a table such as {"name": "..."}'
        )


class TestUnknown:
    def test_one_of_ours_that_is_not_installed(self, site: SitePackages) -> None:
        site.add_good()
        assert message(lambda: site.registry().avatar("lemonslice"), UnknownPluginError) == (
            "no avatar named 'lemonslice'; installed: acme.  "
            "Install it with: pip install vision-agents-lemonslice"
        )

    def test_an_alias_of_ours_that_is_not_installed(self) -> None:
        assert message(lambda: Registry(()).avatar("HeyGen"), UnknownPluginError) == (
            "no avatar named 'HeyGen'; installed: none.  "
            "Install it with: pip install vision-agents-liveavatar"
        )

    def test_a_near_miss_of_an_installed_one(self, site: SitePackages) -> None:
        site.add_good()
        assert message(lambda: site.registry().avatar("amce"), UnknownPluginError) == (
            "no avatar named 'amce'; installed: acme.  Did you mean 'acme'?"
        )

    def test_a_near_miss_of_one_that_is_not_installed(self) -> None:
        assert message(lambda: Registry(()).avatar("lemonslise"), UnknownPluginError) == (
            "no avatar named 'lemonslise'; installed: none.  Did you mean 'lemonslice'?  "
            "Install it with: pip install vision-agents-lemonslice"
        )

    def test_a_name_nobody_knows(self, site: SitePackages) -> None:
        site.add_good()
        assert message(lambda: site.registry().avatar("zzzz"), UnknownPluginError) == (
            "no avatar named 'zzzz'; installed: acme.  "
            "Install the package that provides it, or see: vision-agents avatars"
        )

    def test_an_extra_is_quoted_for_the_shell(self) -> None:
        assert message(lambda: Registry(()).voice("local"), UnknownPluginError).endswith(
            'Install it with: pip install "vision-agents-local[tts]"'
        )

    def test_it_is_a_lookup_error_with_data(self) -> None:
        with pytest.raises(LookupError) as caught:
            Registry(()).edge("web")
        error = caught.value
        assert isinstance(error, UnknownPluginError)
        assert (error.kind, error.name, error.distribution) == ("edge", "web", "vision-agents-web")


class TestDuplicate:
    def test_two_distributions_claim_one_name(self, site: SitePackages) -> None:
        site.add_good("acme-avatar", version="1.2")
        site.add_good("acme-rival", version="0.3")
        text = message(lambda: site.registry().avatar("acme"), DuplicatePluginError)
        assert "acme-avatar 1.2 (acme_avatar.hooks)" in text
        assert "acme-rival 0.3 (acme_rival.hooks)" in text
        assert text.startswith("the avatar name 'acme' is claimed by ")
        assert "Keep one: pip uninstall " in text

    def test_only_at_use_of_that_name(self, site: SitePackages) -> None:
        site.add_good("acme-avatar")
        site.add_good("acme-rival", keys=("acme", "rival"))
        assert site.registry().avatar("rival").name == "acme"

    def test_the_list_shows_both_and_why(self, site: SitePackages) -> None:
        site.add_good("acme-avatar")
        site.add_good("acme-rival")
        rows = site.registry().list_avatars()
        assert {row.distribution for row in rows} == {"acme-avatar", "acme-rival"}
        assert all("is claimed by" in row.problem for row in rows)


class TestBroken:
    def test_its_import_raises(self, site: SitePackages) -> None:
        site.add("bad-avatar", "1 / 0", keys=("bad",))
        with pytest.raises(BrokenPluginError) as caught:
            site.registry().avatar("bad")
        assert str(caught.value) == (
            "the avatar 'bad' from bad-avatar 1.0 (bad_avatar.hooks) is broken: "
            "importing it raised ZeroDivisionError: division by zero.  "
            "Try: pip install --upgrade bad-avatar  and tell its authors if that does not help"
        )
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_its_entry_point_is_no_module(self, site: SitePackages) -> None:
        site.add("bad-avatar", "", keys=("bad",))
        (metadata,) = site.folder.glob("*.dist-info/entry_points.txt")
        metadata.write_text("[vision_agents.avatars]\nbad = bad-avatar.hooks\n")
        assert message(lambda: site.registry().avatar("bad"), BrokenPluginError) == (
            "the avatar 'bad' from bad-avatar 1.0 (bad-avatar.hooks) is broken: "
            "its entry point does not name a module.  "
            "The package must name one as Python imports it, such as acme_avatar.hooks"
        )

    def test_its_hook_is_a_coroutine_function(self, site: SitePackages) -> None:
        hooks = "async def vision_agents_avatar_provider(): ..."
        site.add("bad-avatar", hooks, keys=("bad",))
        assert "vision_agents_avatar_provider() returned coroutine, not AvatarProvider" in message(
            lambda: site.registry().avatar("bad"), BrokenPluginError
        )

    def test_its_import_calls_system_exit(self, site: SitePackages) -> None:
        site.add("bad-avatar", "raise SystemExit(3)", keys=("bad",))
        assert "importing it called SystemExit(3)." in message(
            lambda: site.registry().avatar("bad"), BrokenPluginError
        )

    def test_its_hook_raises(self, site: SitePackages) -> None:
        site.add(
            "bad-avatar",
            "def vision_agents_avatar_provider():\n    raise RuntimeError('no licence')",
            keys=("bad",),
        )
        assert (
            "calling vision_agents_avatar_provider() raised RuntimeError: no licence."
            in message(lambda: site.registry().avatar("bad"), BrokenPluginError)
        )

    def test_a_missing_module_of_an_extra(self, site: SitePackages) -> None:
        site.add(
            "bad-avatar",
            "import acme_sdk",
            keys=("bad",),
            requires=("aiohttp>=3", "acme-sdk>=2 ; extra == 'full'"),
        )
        assert message(lambda: site.registry().avatar("bad"), BrokenPluginError).endswith(
            "importing it needs the module 'acme_sdk', which is not installed.  "
            'Install it with: pip install "bad-avatar[full]"'
        )

    def test_a_missing_module_of_a_requirement(self, site: SitePackages) -> None:
        site.add("bad-avatar", "import acme_sdk", keys=("bad",), requires=("Acme.SDK>=2",))
        assert message(lambda: site.registry().avatar("bad"), BrokenPluginError).endswith(
            "Install it with: pip install Acme.SDK"
        )

    def test_a_missing_module_that_only_its_avatar_needs(self, site: SitePackages) -> None:
        site.add_good(avatar="import acme_sdk.client", requires=("acme-sdk; extra == 'sdk'",))
        assert message(
            lambda: site.registry().create_avatar({"name": "acme", "api_key": "k"}),
            BrokenPluginError,
        ).endswith(
            "building it needs the module 'acme_sdk', which is not installed.  "
            'Install it with: pip install "acme-avatar[sdk]"'
        )

    def test_a_module_of_a_newer_core_is_missing(self, site: SitePackages) -> None:
        site.add("bad-avatar", "import vision_agents.core.hologram", keys=("bad",))
        assert message(lambda: site.registry().avatar("bad"), BrokenPluginError).endswith(
            "importing it needs 'vision_agents.core.hologram', which this vision-agents-core does "
            "not have.  Upgrade it with: pip install --upgrade vision-agents-core"
        )

    def test_a_module_of_its_own_is_missing(self, site: SitePackages) -> None:
        site.add("bad-avatar", "import bad_avatar.wire", keys=("bad",))
        text = message(lambda: site.registry().avatar("bad"), BrokenPluginError)
        assert "raised ModuleNotFoundError: No module named 'bad_avatar.wire'" in text
        assert "pip install --upgrade bad-avatar" in text

    def test_its_module_is_not_there_at_all(self, site: SitePackages) -> None:
        site.add("bad-avatar", "", keys=("bad",))
        (site.folder / "bad_avatar" / "hooks.py").unlink()
        text = message(lambda: site.registry().avatar("bad"), BrokenPluginError)
        assert "No module named 'bad_avatar.hooks'" in text

    def test_no_hook_at_all(self, site: SitePackages) -> None:
        site.add("bad-avatar", "x = 1", keys=("bad",))
        assert message(lambda: site.registry().avatar("bad"), BrokenPluginError).endswith(
            "its module has no function vision_agents_avatar_provider().  "
            "The package must define it and return one AvatarProvider"
        )

    @pytest.mark.parametrize("returned", ["None", "'acme'"])
    def test_the_hook_returns_something_else(self, site: SitePackages, returned: str) -> None:
        site.add(
            "bad-avatar",
            f"def vision_agents_avatar_provider():\n    return {returned}",
            keys=("bad",),
        )
        kind = type(eval(returned)).__name__
        assert f"vision_agents_avatar_provider() returned {kind}, not AvatarProvider" in message(
            lambda: site.registry().avatar("bad"), BrokenPluginError
        )

    def test_the_record_has_a_name_that_no_key_has(self, site: SitePackages) -> None:
        site.add_good(name="something", keys=("acme", "acme2"))
        assert (
            "its record says name='something', and its entry points are acme, acme2.  "
            "The record's name must be one of the entry points that name its module"
        ) in message(lambda: site.registry().avatar("acme"), BrokenPluginError)

    def test_its_constructor_raises(self, site: SitePackages) -> None:
        site.add_good(avatar="class AcmeAvatar:\n    def __init__(self, **k): raise OSError('x')")
        assert "building it raised OSError: x" in message(
            lambda: site.registry().create_avatar({"name": "acme", "api_key": "k"}),
            BrokenPluginError,
        )

    def test_its_factory_builds_no_avatar(self, site: SitePackages) -> None:
        site.add_good(avatar="def AcmeAvatar(**settings): return settings")
        text = message(
            lambda: site.registry().create_avatar({"name": "acme", "api_key": "geheim"}),
            BrokenPluginError,
        )
        assert "its factory returned dict, which is no Avatar" in text
        assert "geheim" not in text

    def test_a_config_error_of_the_constructor_comes_through(self, site: SitePackages) -> None:
        site.add_good(
            avatar="""
            from vision_agents.core.errors import ConfigError
            def AcmeAvatar(**settings): raise ConfigError("fps and width do not go together")
            """
        )
        assert (
            message(
                lambda: site.registry().create_avatar({"name": "acme", "api_key": "k"}),
                ConfigError,
            )
            == "fps and width do not go together"
        )

    def test_two_broken_packages_never_stop_a_third(
        self, site: SitePackages, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.add("bad-one", "raise SystemExit", keys=("bad1",))
        site.add("bad-two", "import not_there", keys=("bad2",))
        site.add_good()
        registry = site.registry()
        with caplog.at_level(logging.WARNING):
            rows = {row.name: row for row in registry.list_avatars()}
        assert rows["acme"].provider is registry.avatar("acme")
        assert rows["acme"].problem == ""
        assert "SystemExit" in rows["bad1"].problem
        assert "'not_there'" in rows["bad2"].problem
        assert len(caplog.records) == 2  # one warning for each


class TestIncompatible:
    def test_the_plugin_is_newer(self, site: SitePackages) -> None:
        site.add_good(api=7)
        assert message(lambda: site.registry().avatar("acme"), IncompatiblePluginError) == (
            "the avatar 'acme' from acme-avatar 1.0 (acme_avatar.hooks) speaks version 7 of the "
            "contract and vision-agents-core speaks version 1.  "
            "Upgrade the older side: pip install --upgrade vision-agents-core"
        )

    def test_the_plugin_is_older(self, site: SitePackages) -> None:
        site.add_good(api=0)
        assert message(lambda: site.registry().avatar("acme"), IncompatiblePluginError).endswith(
            "Upgrade the older side: pip install --upgrade acme-avatar"
        )


class TestMisspelt:
    def test_a_function_with_our_prefix_and_no_mark(self, site: SitePackages) -> None:
        site.add("bad-avatar", "def vision_agents_avatar_provder(): ...", keys=("bad",))
        assert message(lambda: site.registry().avatar("bad"), MisspeltHookError).endswith(
            "its module defines a hook vision_agents_avatar_provder() that does not exist.  "
            "Did you mean vision_agents_avatar_provider()?"
        )

    def test_a_marked_function_with_any_name(self, site: SitePackages) -> None:
        site.add(
            "bad-avatar",
            """
            from vision_agents.core.plugin import hookimpl
            @hookimpl
            def my_provider(): ...
            """,
            keys=("bad",),
        )
        assert message(lambda: site.registry().avatar("bad"), MisspeltHookError).endswith(
            "its module marks a hook that does not exist.  "
            "The hooks are: vision_agents_avatar_provider(), vision_agents_edge_provider(), "
            "vision_agents_voice_provider(), vision_agents_avatar_event()"
        )

    def test_arguments_that_the_hook_does_not_have(self, site: SitePackages) -> None:
        site.add("bad-avatar", "def vision_agents_avatar_provider(config): ...", keys=("bad",))
        assert message(lambda: site.registry().avatar("bad"), MisspeltHookError).endswith(
            "its hook vision_agents_avatar_provider() asks for config, which this hook does not "
            "have.  It may ask for: nothing"
        )


class TestOtherGroups:
    def test_a_voice_of_the_same_name_is_another_thing(self, site: SitePackages) -> None:
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

    def test_one_module_may_provide_an_avatar_and_a_voice(self, site: SitePackages) -> None:
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

    def test_a_failure_is_remembered_and_raised_again(self, site: SitePackages) -> None:
        site.add("bad-avatar", "1 / 0", keys=("bad",))
        registry = site.registry()
        for _ in range(2):
            with pytest.raises(PluginError, match="division by zero"):
                registry.avatar("bad")
