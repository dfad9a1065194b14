"""The contract, the record and the settings: what can be said without a call."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING

import pytest

from vision_agents.core.avatars import Avatar
from vision_agents.core.media.audio_stream import AudioOutputStream
from vision_agents.core.plugin import AVATAR_API, AvatarProvider, Registry
from vision_agents.core.testing.conformance.base import KitBase
from vision_agents.core.testing.conformance.check import NotApplicable, check

if TYPE_CHECKING:
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["ContractChecks"]

_MODULES = """
import json, sys
before = set(sys.modules)
import vision_agents.core.plugin
core = set(sys.modules)
from importlib import import_module
import_module({module!r}).vision_agents_avatar_provider()
print(json.dumps(sorted(set(sys.modules) - core)))
"""
_LIGHT_DISTRIBUTIONS = {"importlib-metadata", "pluggy", "zipp"}


class ContractChecks(KitBase):
    """Names, types, settings, weight."""

    @check("the entry point resolves to the record, and the record is complete")
    async def test_record(self, bench: Bench) -> str:
        record = self._record()
        found = Registry().avatar(record.name)
        assert found == record, (
            f"avatar={record.name!r} resolves to another record: is the package with the entry "
            f"point {record.name} = {self.provider!r} installed?"
        )
        assert record.api == AVATAR_API
        assert record.summary, "the summary is empty"
        assert "\n" not in record.summary, "the summary must be one line"
        avatar = bench.make()
        assert avatar.provider_name == record.name, (
            f"the avatar's provider_name is {avatar.provider_name!r}, its record's name "
            f"{record.name!r}"
        )
        return f"avatar={record.name!r}"

    @check("the constructor's arguments are the settings' fields")
    async def test_settings_are_the_arguments(self, bench: Bench) -> str:
        record = self._record()
        cls = type(bench.make())
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        loose = [p.name for p in parameters if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        assert not loose, f"{cls.__name__}() takes *{loose[0]}: name every argument"
        arguments = {parameter.name for parameter in parameters}
        fields = {info.name for info in record.settings.describe()}
        assert arguments == fields, (
            f"{cls.__name__}() and {record.settings.__name__} differ in: "
            f"{', '.join(sorted(arguments ^ fields))}"
        )
        return f"{len(fields)} settings"

    @check("settings explain themselves: help for what is required, a variable for each secret")
    async def test_settings_explain_themselves(self, bench: Bench) -> None:
        del bench
        for info in self._record().settings.describe():
            assert not info.required or info.help, f"{info.name} is required and has no help text"
            assert not info.secret or info.env, f"{info.name} is secret and has no variable"
            assert info.env is None or info.env == info.env.upper(), f"{info.env}: use upper case"

    @check("the entry point is light: no av, numpy or SDK before the factory is called")
    async def test_entry_point_is_light(self, bench: Bench) -> str:
        record = self._record()
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _MODULES.format(module=self.provider)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{self.provider} cannot be imported alone:\n{done.stderr}"
        loaded: list[str] = json.loads(done.stdout)
        distributions = packages_distributions()
        own = self.provider.partition(".")[0]
        allowed = {"vision_agents", own}
        heavy = {
            name.partition(".")[0]
            for name in loaded
            if (top := name.partition(".")[0]) in distributions
            and top not in allowed
            and not _LIGHT_DISTRIBUTIONS.intersection(distributions[top])
        }
        assert not heavy, (
            f"{self.provider} imports {', '.join(sorted(heavy))}: do it in the factory"
        )
        avatar = type(bench.make()).__module__
        assert avatar not in loaded, f"{self.provider} imports {avatar}: name it in construct(...)"
        return f"{len(loaded)} modules, {record.settings.__module__} among them"

    @check("both outputs are there before start() and stay the same objects")
    async def test_outputs_before_start(self, bench: Bench) -> None:
        avatar = bench.make()
        assert isinstance(avatar, Avatar)
        assert avatar.provider_name, "provider_name is not set"
        video, audio = avatar.video_output(), avatar.audio_output()
        assert video.kind == "video", f"video_output() is a track of kind {video.kind!r}"
        assert isinstance(audio, AudioOutputStream), f"audio_output() is {type(audio).__name__}"
        assert avatar.video_output() is video, "video_output() makes a new track each time"
        assert avatar.audio_output() is audio, "audio_output() makes a new stream each time"
        await self.close(avatar)
        assert avatar.video_output() is video, "close() replaced the track"

    @check("input_audio_stream says what to do before anything is attached")
    async def test_input_before_attach(self, bench: Bench) -> None:
        avatar = bench.make()
        with pytest.raises(ValueError, match="attach_audio_input"):
            _ = avatar.input_audio_stream
        stream = AudioOutputStream()
        avatar.attach_audio_input(stream)
        assert avatar.input_audio_stream is stream
        await self.close(avatar)

    def _record(self) -> AvatarProvider:
        if not self.provider:
            raise NotApplicable("the suite names no hooks module")
        record = import_module(self.provider).vision_agents_avatar_provider()
        assert isinstance(record, AvatarProvider)
        return record
