"""A plugin whose module cannot be imported says so, with the command that mends it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from vision_agents.core.errors import PluginError
from vision_agents.core.plugin.errors import BrokenPluginError

if TYPE_CHECKING:
    from .conftest import SitePackages


def test_its_import_raises(site: SitePackages) -> None:
    site.add_bad("1 / 0")
    with pytest.raises(BrokenPluginError) as caught:
        site.registry().avatar("bad")
    assert str(caught.value) == (
        "the avatar 'bad' from bad-avatar 1.0 (bad_avatar.hooks) is broken: "
        "importing it raised ZeroDivisionError: division by zero.  "
        "Try: pip install --upgrade bad-avatar  and tell its authors if that does not help"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_its_entry_point_is_no_module(site: SitePackages) -> None:
    site.add_bad("")
    (metadata,) = site.folder.glob("*.dist-info/entry_points.txt")
    metadata.write_text("[vision_agents.avatars]\nbad = bad-avatar.hooks\n")
    assert site.why_not("bad", BrokenPluginError) == (
        "the avatar 'bad' from bad-avatar 1.0 (bad-avatar.hooks) is broken: "
        "its entry point does not name a module.  "
        "The package must name one as Python imports it, such as acme_avatar.hooks"
    )


def test_its_import_calls_system_exit(site: SitePackages) -> None:
    site.add_bad("raise SystemExit(3)")
    assert "importing it called SystemExit(3)." in site.why_not("bad", BrokenPluginError)


def test_a_missing_module_of_an_extra(site: SitePackages) -> None:
    site.add_bad("import acme_sdk", requires=("aiohttp>=3", "acme-sdk>=2 ; extra == 'full'"))
    assert site.why_not("bad", BrokenPluginError).endswith(
        "importing it needs the module 'acme_sdk', which is not installed.  "
        'Install it with: pip install "bad-avatar[full]"'
    )


def test_a_missing_module_of_a_requirement(site: SitePackages) -> None:
    site.add_bad("import acme_sdk", requires=("Acme.SDK>=2",))
    assert site.why_not("bad", BrokenPluginError).endswith("Install it with: pip install Acme.SDK")


def test_a_module_of_a_newer_core_is_missing(site: SitePackages) -> None:
    site.add_bad("import vision_agents.core.hologram")
    assert site.why_not("bad", BrokenPluginError).endswith(
        "importing it needs 'vision_agents.core.hologram', which this vision-agents-core does "
        "not have.  Upgrade it with: pip install --upgrade vision-agents-core"
    )


def test_a_module_of_its_own_is_missing(site: SitePackages) -> None:
    site.add_bad("import bad_avatar.wire")
    text = site.why_not("bad", BrokenPluginError)
    assert "raised ModuleNotFoundError: No module named 'bad_avatar.wire'" in text
    assert "pip install --upgrade bad-avatar" in text


def test_its_module_is_not_there_at_all(site: SitePackages) -> None:
    site.add_bad("")
    (site.folder / "bad_avatar" / "hooks.py").unlink()
    text = site.why_not("bad", BrokenPluginError)
    assert "No module named 'bad_avatar.hooks'" in text


def test_two_broken_packages_never_stop_a_third(
    site: SitePackages, caplog: pytest.LogCaptureFixture
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


def test_a_failure_is_remembered_and_raised_again(site: SitePackages) -> None:
    site.add_bad("1 / 0")
    registry = site.registry()
    for _ in range(2):
        with pytest.raises(PluginError, match="division by zero"):
            registry.avatar("bad")
