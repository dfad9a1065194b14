"""Names to objects: ``avatar="anam"`` works because a package is installed, whoever wrote it.

A name imports what it needs and nothing else; a broken package costs only its own name.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from vision_agents.core.errors import ConfigError, PluginError
from vision_agents.core.plugin import known
from vision_agents.core.plugin.errors import DuplicatePluginError, Origin, UnknownPluginError
from vision_agents.core.plugin.loading import (
    broken_by,
    build,
    call_provider_hook,
    check_name,
    load_hooks,
)
from vision_agents.core.plugin.names import Candidate, candidates, normalise
from vision_agents.core.plugin.records import (
    AvatarProvider,
    EdgeProvider,
    Provider,
    VoiceProvider,
    load_target,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint

    from vision_agents.core.avatars import Avatar
    from vision_agents.core.edge import Edge
    from vision_agents.core.plugin.records import Sandbox
    from vision_agents.core.tts import TTS

logger = logging.getLogger(__name__)

P = TypeVar("P", bound=Provider)

Spec: TypeAlias = "str | Mapping[str, Any]"
"""A plugin as users write it: its name, or a table with ``name`` and settings."""


@dataclass(frozen=True, slots=True)
class Group(Generic[P]):
    """One entry-point group and what belongs to it."""

    kind: str
    entry_points: str
    hook: str
    record: type[P]
    base: str
    """``module:class`` of what its factories build; imported when something is built."""

    def base_class(self) -> type:
        """The class that everything of this group derives from."""
        module, _, name = self.base.partition(":")
        found: type = getattr(import_module(module), name)
        return found


AVATARS: Final = Group(
    "avatar",
    known.AVATARS,
    "vision_agents_avatar_provider",
    AvatarProvider,
    "vision_agents.core.avatars:Avatar",
)
EDGES: Final = Group(
    "edge",
    known.EDGES,
    "vision_agents_edge_provider",
    EdgeProvider,
    "vision_agents.core.edge:Edge",
)
VOICES: Final = Group(
    "voice",
    known.VOICES,
    "vision_agents_voice_provider",
    VoiceProvider,
    "vision_agents.core.tts:TTS",
)

GROUPS: Final[tuple[Group[Any], ...]] = (AVATARS, EDGES, VOICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[P]):
    """One row of what is installed: a provider, or the reason why there is none."""

    name: str
    aliases: tuple[str, ...]
    distribution: str
    version: str
    provider: P | None
    problem: str = ""


class Registry:
    """The plugins installed here. Cheap to make; it looks nothing up before it is asked.

    ``entry_points`` replaces what is installed, for tests. An object is for one thread.
    """

    def __init__(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        self._given = None if entry_points is None else tuple(entry_points)
        self._names: dict[str, dict[str, tuple[Candidate, ...]]] = {}
        self._loaded: dict[tuple[str, str], Provider | PluginError] = {}

    def avatar(self, name: str) -> AvatarProvider:
        """The record of an avatar, by name or alias.

        Raises:
            UnknownPluginError, DuplicatePluginError, BrokenPluginError, IncompatiblePluginError:
                each says what to do.
        """
        return self.provider(AVATARS, name)

    def edge(self, name: str) -> EdgeProvider:
        """The record of an edge; raises as ``avatar`` does."""
        return self.provider(EDGES, name)

    def voice(self, name: str) -> VoiceProvider:
        """The record of a voice; raises as ``avatar`` does."""
        return self.provider(VOICES, name)

    def create_avatar(self, spec: Avatar | Spec) -> Avatar:
        """Build an avatar from a name or a table; an ``Avatar`` comes back as it is.

        Settings that the table does not hold come from the environment.

        Raises:
            ConfigError: an unknown, missing or wrongly typed setting.
            PluginError: as ``avatar`` does, or the factory failed.
        """
        built: Avatar = self.create(AVATARS, spec)
        return built

    def create_edge(self, spec: Edge | Spec) -> Edge:
        """Build an edge, as ``create_avatar`` does."""
        built: Edge = self.create(EDGES, spec)
        return built

    def create_voice(self, spec: TTS | Spec) -> TTS:
        """Build a voice, as ``create_avatar`` does."""
        built: TTS = self.create(VOICES, spec)
        return built

    def create(self, group: Group[P], spec: Any) -> Any:
        """Build one of ``group``; the typed forms above say what is raised."""
        if not isinstance(spec, str) and not hasattr(spec, "keys"):
            base = group.base_class()
            if isinstance(spec, base):
                return spec
            raise ConfigError(
                f"{group.kind}={spec!r} is neither an {base.__name__} nor a name nor a table such "
                f'as {{"name": "..."}}'
            )
        name, values = _split(group.kind, spec)
        candidate = self._candidate(group, name)
        provider = self._load(group, candidate)
        settings = provider.settings.from_env(**values)
        return build(group.kind, candidate, provider.factory, settings, group.base_class())

    def sandbox(self, name: str) -> Sandbox:
        """The stand-in for an avatar's service, imported now.

        Raises:
            ConfigError: the avatar has none.
            PluginError: as ``avatar`` does, or its import failed, with a missing extra explained.
        """
        provider = self.avatar(name)
        if provider.sandbox is None:
            has = ", ".join(
                row.name for row in self.list_avatars() if row.provider and row.provider.sandbox
            )
            raise ConfigError(
                f"the avatar {provider.name!r} has no sandbox; those that have: {has or 'none'}"
            )
        try:
            opened: Sandbox = load_target(provider.sandbox)
        except (Exception, SystemExit) as exc:  # a stranger's code: reported, never let through
            candidate = self._candidate(AVATARS, name)
            raise broken_by("avatar", candidate, exc, doing="importing its sandbox") from exc
        return opened

    def provider(self, group: Group[P], name: str) -> P:
        """The record that ``name`` stands for in ``group``; raises as ``avatar`` does."""
        return self._load(group, self._candidate(group, name))

    def list_avatars(self) -> tuple[Listed[AvatarProvider], ...]:
        """All installed avatars, broken ones with the reason; never raises for one of them."""
        return self.installed(AVATARS)

    def installed(self, group: Group[P]) -> tuple[Listed[P], ...]:
        """All that is installed in ``group``, one row per module, sorted by name."""
        names = self._candidates(group)
        aliases: dict[Origin, list[str]] = {}
        for name, claims in sorted(names.items()):
            for claim in claims:
                aliases.setdefault(claim.origin, []).append(name)
        rows: dict[Origin, Listed[P]] = {}
        for claims in names.values():
            for claim in claims:
                if claim.origin not in rows:
                    rows[claim.origin] = self._row(group, claim, aliases[claim.origin])
        return tuple(sorted(rows.values(), key=lambda row: row.name))

    def _row(self, group: Group[P], claim: Candidate, own: list[str]) -> Listed[P]:
        provider: P | None = None
        name, problem = claim.name, ""
        try:
            provider = self._load(group, claim)
            name = normalise(provider.name)
            self._candidate(group, name)  # a name that two claim is of no use
        except PluginError as exc:
            problem = str(exc)
            logger.warning("%s", problem)
        return Listed(
            name=name,
            aliases=tuple(other for other in own if other != name),
            distribution=claim.origin.distribution,
            version=claim.origin.version,
            provider=provider,
            problem=problem,
        )

    def _candidate(self, group: Group[P], name: str) -> Candidate:
        names = self._candidates(group)
        claims = names.get(normalise(name), ())
        if not claims:
            raise _unknown(group, name, tuple(sorted(names)))
        if len(claims) > 1:
            origins = tuple(claim.origin for claim in claims)
            raise DuplicatePluginError(group.kind, normalise(name), origins)
        return claims[0]

    def _candidates(self, group: Group[P]) -> dict[str, tuple[Candidate, ...]]:
        key = group.entry_points
        if key not in self._names:
            self._names[key] = candidates(entry_points_of(key, self._given))
        return self._names[key]

    def _load(self, group: Group[P], candidate: Candidate) -> P:
        """Load once per module: two names for it are one plugin, and a failure is remembered."""
        key = (group.entry_points, str(candidate.origin))
        if key not in self._loaded:
            try:
                self._loaded[key] = self._load_now(group, candidate)
            except PluginError as exc:
                self._loaded[key] = exc
        outcome = self._loaded[key]
        if isinstance(outcome, PluginError):
            raise outcome
        assert isinstance(outcome, group.record)
        return outcome

    def _load_now(self, group: Group[P], candidate: Candidate) -> P:
        manager = load_hooks(group.kind, candidate)
        provider: P = call_provider_hook(group.kind, candidate, manager, group.hook, group.record)
        check_name(group.kind, candidate, provider, self._candidates(group))
        return provider


def entry_points_of(
    group: str, given: Iterable[EntryPoint] | None = None
) -> tuple[EntryPoint, ...]:
    """The entry points of a group: of ``given``, or of what is installed."""
    if given is not None:
        return tuple(entry_point for entry_point in given if entry_point.group == group)
    from importlib.metadata import entry_points  # 20 ms that an Agent without names never needs

    return tuple(entry_points(group=group))


def _split(kind: str, spec: Spec) -> tuple[str, dict[str, Any]]:
    if isinstance(spec, str):
        return spec, {}
    values = dict(spec)
    name = values.pop("name", None)
    if not isinstance(name, str):
        raise ConfigError(
            f'a table for {kind}= needs the key "name", a string; '
            f"it has: {', '.join(map(str, spec)) or 'nothing'}"
        )
    return name, values


def _unknown(group: Group[Any], name: str, installed: tuple[str, ...]) -> UnknownPluginError:
    from difflib import get_close_matches  # only on the way to an error

    ours = known.KNOWN[group.entry_points]
    wanted = normalise(name)
    if wanted in ours:
        return UnknownPluginError(group.kind, name, installed, distribution=ours[wanted])
    everything = dict.fromkeys((*installed, *ours))
    near = next(iter(get_close_matches(wanted, everything, n=1)), None)
    missing = ours.get(near) if near and near not in installed else None
    return UnknownPluginError(group.kind, name, installed, near=near, distribution=missing)
