"""Settings: argument beats environment beats default; wrong ones explain themselves."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin import AvatarSettings, secret, setting
from vision_agents.core.plugin.config import read_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FaceSettings(AvatarSettings):
    api_key: str = secret(env="FACE_API_KEY", help="from the console")
    avatar_id: str | None = setting(None, env="FACE_AVATAR_ID")
    fps: int = setting(25, env="FACE_FPS")
    trim_s: float = setting(0.0, env="FACE_TRIM_S")
    sandbox: bool = setting(False, env="FACE_SANDBOX")
    quality: Literal["low", "high"] = setting("high", env="FACE_QUALITY")


def from_env(environ: Mapping[str, str] | None = None, **values: Any) -> FaceSettings:
    return FaceSettings.from_env(environ={"FACE_API_KEY": "k"} | dict(environ or {}), **values)


def test_argument_beats_environment_beats_default() -> None:
    assert from_env().fps == 25
    assert from_env({"FACE_FPS": "30"}).fps == 30
    assert from_env({"FACE_FPS": "30"}, fps=24).fps == 24


def test_none_means_not_said() -> None:
    assert from_env({"FACE_FPS": "30"}, fps=None, avatar_id=None).fps == 30


def test_an_empty_variable_means_not_said() -> None:
    assert from_env({"FACE_FPS": ""}).fps == 25


@pytest.mark.parametrize(
    ("environ", "name", "value"),
    [
        ({"FACE_SANDBOX": "yes"}, "sandbox", True),
        ({"FACE_SANDBOX": "0"}, "sandbox", False),
        ({"FACE_TRIM_S": "0.25"}, "trim_s", 0.25),
        ({"FACE_QUALITY": "low"}, "quality", "low"),
        ({"FACE_AVATAR_ID": "anna"}, "avatar_id", "anna"),
    ],
)
def test_text_becomes_the_declared_type(environ: dict[str, str], name: str, value: object) -> None:
    assert getattr(from_env(environ), name) == value


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"FACE_FPS": "fast"}, "FACE_FPS must be int, and 'fast' is not"),
        ({"FACE_SANDBOX": "maybe"}, "FACE_SANDBOX must be bool, and 'maybe' is not"),
        ({"FACE_QUALITY": "best"}, "FACE_QUALITY must be 'low' or 'high', and 'best' is not"),
    ],
)
def test_text_that_does_not_fit(environ: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env(environ)
    assert str(caught.value) == f"FaceSettings: environment variable {text}"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"fps": "25"}, "fps must be int, and '25' is str"),
        ({"fps": True}, "fps must be int, and True is bool"),
        ({"quality": "best"}, "quality must be 'low' or 'high', and 'best' is str"),
        ({"avatar_id": 3}, "avatar_id must be str or None, and 3 is int"),
    ],
)
def test_a_value_of_the_wrong_type(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env(**values)
    assert str(caught.value) == f"FaceSettings: {text}"


def test_a_whole_number_will_do_for_seconds() -> None:
    assert isinstance(from_env(trim_s=1).trim_s, float)


def test_what_is_required_and_nowhere() -> None:
    with pytest.raises(ConfigError) as caught:
        FaceSettings.from_env(environ={})
    assert str(caught.value) == (
        "FaceSettings: not set: api_key (argument api_key= or environment variable FACE_API_KEY)"
    )


def test_secrets_are_in_no_text() -> None:
    assert "geheim" not in repr(from_env(api_key="geheim"))
    not_text: Any = b"geheim"
    with pytest.raises(ConfigError) as caught:
        from_env(api_key=not_text)
    assert str(caught.value) == ("FaceSettings: api_key must be str, and the value given is bytes")


def test_frozen_and_able_to_travel() -> None:
    settings = from_env(fps=30)
    assert pickle.loads(pickle.dumps(settings)) == settings
    with pytest.raises(FrozenInstanceError):
        settings.fps = 1  # type: ignore[misc]  # the point of the test


def test_description_has_what_a_reader_needs() -> None:
    key, *_, quality = FaceSettings.describe()
    assert (key.name, key.env, key.help) == ("api_key", "FACE_API_KEY", "from the console")
    assert key.secret
    assert key.required
    assert (quality.default, quality.required, quality.secret) == ("high", False, False)


def test_only_scalars() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Deep(AvatarSettings):
        options: dict[str, str] | None = None

    with pytest.raises(TypeError, match=r"Deep\.options is .*settings are str, bool, int, float"):
        Deep.describe()


class TestFile:
    def test_tables_in_the_shape_of_the_agents_arguments(self, tmp_path: Path) -> None:
        path = tmp_path / "agent.toml"
        path.write_text('[avatar]\nname = "anam"\nfps = 25\n[edge]\nname = "web"\n')
        assert read_config(path) == {
            "avatar": {"name": "anam", "fps": 25},
            "edge": {"name": "web"},
        }

    def test_a_list_of_avatars_is_a_ladder(self, tmp_path: Path) -> None:
        path = tmp_path / "agent.toml"
        path.write_text('[[avatar]]\nname = "anam"\n[[avatar]]\nname = "local"\n')
        assert read_config(path)["avatar"] == [{"name": "anam"}, {"name": "local"}]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[avatar\n", "is not a TOML file: Expected ']'"),
            ("[avatars]\n", "no table may be called [avatars]; use avatar, edge or tts"),
            ('edge = "web"\n', 'write edge as a table: [edge] and name = "..." in it'),
        ],
    )
    def test_a_file_that_cannot_be_used(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "agent.toml"
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            read_config(path)
        assert str(path) in str(caught.value)
        assert message in str(caught.value)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"cannot read .*nowhere\.toml: No such file"):
            read_config(tmp_path / "nowhere.toml")
