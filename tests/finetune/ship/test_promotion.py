import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.config import Config, PromoteConfig
from finetune.errors import ExportError
from finetune.run_folder import RunFolder, write_json
from finetune.ship.exporting import gguf_path
from finetune.ship.promotion import objections, promote, with_keys

Make = Callable[..., Config]


def scores(bleu: float, humaneval: float = 0.0) -> dict[str, Any]:
    gains = {"bleu4": bleu, "humaneval": humaneval}
    return {"metrics": {key: {"gain": {"tuned": {"value": gain}}} for key, gain in gains.items()}}


RULE = PromoteConfig(metric="bleu4", min_gain=0.03, max_loss={"humaneval": 0.05})


def test_rule() -> None:
    assert objections(scores(0.05, -0.04), RULE) == []
    assert "bleu4 changes by +0.0100" in objections(scores(0.01), RULE)[0]
    assert "humaneval" in objections(scores(0.05, -0.2), RULE)[0]
    assert "not measured" in objections({"metrics": {}}, RULE)[0]


def test_promotion_writes_the_agents_settings(
    make_config: Make, home: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base.gguf"
    config = make_config(f"base.gguf={base}")
    write_json(RunFolder(config.folder).scores, scores(0.05))
    gguf_path(config).parent.mkdir(parents=True)
    gguf_path(config).write_bytes(b"adapter")
    home.mkdir()
    (home / "settings.toml").write_text('[reader]\nthreads = 2\n\n[coder]\nadapter = "old"\n')
    written = tomllib.loads(promote(config).read_text())
    assert written["reader"] == {"threads": 2}
    assert Path(written["coder"]["adapter"]).read_bytes() == b"adapter"
    assert written["coder"]["model"] == str(base)


def test_promotion_refuses_without_gain(make_config: Make, home: Path) -> None:
    config = make_config()
    with pytest.raises(ExportError, match="Run `evaluate`"):
        promote(config)
    write_json(RunFolder(config.folder).scores, scores(0.01))
    with pytest.raises(ExportError, match="Not promoted"):
        promote(config)
    assert not (home / "settings.toml").exists()


@pytest.mark.parametrize(
    "before",
    [
        "",
        "[coder]\n",
        '[coder] # mine\nadapter = "x"\nmodel = "m"\n[agent]\nrounds = 2\n',
        'home = "/x"\n\n[agent]\nrounds = 2\n',
        "[coder]\nadapter_scale = 0.5\n\n\n[agent]\nrounds = 2",
    ],
)
def test_toml_edit_leaves_the_rest(before: str) -> None:
    values = {"adapter": 'a "quoted" \\ path', "model": "m"}
    edited = tomllib.loads(with_keys(before, "coder", values))
    expected = tomllib.loads(before)
    expected["coder"] = {**expected.get("coder", {}), **values}
    assert json.dumps(edited, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert with_keys(with_keys(before, "coder", values), "coder", values).count("adapter =") == 1


@pytest.mark.parametrize("broken", ["[coder\n", "coder = 3\n"])
def test_broken_toml_is_not_touched(broken: str) -> None:
    with pytest.raises(ExportError, match="cannot be edited"):
        with_keys(broken, "coder", {"adapter": "x"})


def test_comments_stay() -> None:
    before = "# mine\n[coder] # tuned\nadapter = 'x' # the first\n\n# budget\n[agent]\nrounds = 2\n"
    edited = with_keys(before, "coder", {"adapter": "y"})
    assert edited == before.replace("'x'", '"y"')


def test_settings_that_are_not_utf8_are_not_touched(make_config: Make, home: Path) -> None:
    config = make_config("base.gguf=base.gguf")
    write_json(RunFolder(config.folder).scores, scores(0.05))
    gguf_path(config).parent.mkdir(parents=True)
    gguf_path(config).write_bytes(b"adapter")
    home.mkdir()
    (home / "settings.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ExportError, match="UTF-8"):
        promote(config)
    assert (home / "settings.toml").read_bytes() == b"# caf\xe9\n"
