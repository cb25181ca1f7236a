import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.adapters.exporting import gguf_path
from finetune.config import Config
from finetune.errors import ExportError
from finetune.run_folder import RunFolder
from finetune.ship.promotion import promote, with_keys

Make = Callable[..., Config]


def judge(
    tmp_path: Path,
    in_force: list[int],
    tuned: list[int],
    variable: str = "ARXIV_AGENT_CODER__ADAPTER",
) -> str:
    """A command that plays the benchmark: other verdicts with the candidate in its environment."""
    program = tmp_path / "judge.py"
    program.write_text(
        "import json, os\nprint('asking')\n"
        f"passed = {tuned} if os.environ.get({variable!r}) else {in_force}\n"
        "print(json.dumps({'passed': dict(enumerate(passed))}))\n"
    )
    return f'promote.judge=["{sys.executable}", "{program}"]'


@pytest.fixture
def exported(make_config: Make, home: Path, tmp_path: Path) -> Make:
    """Configs of a run whose GGUF adapter is there."""

    def make(*overrides: str) -> Config:
        config = make_config(f"base.gguf={tmp_path / 'base.gguf'}", *overrides)
        gguf_path(config).parent.mkdir(parents=True, exist_ok=True)
        gguf_path(config).write_bytes(b"adapter")
        return config

    return make


def test_promotion_writes_the_agents_settings(exported: Make, home: Path, tmp_path: Path) -> None:
    config = exported(judge(tmp_path, [0, 1] * 60, [1, 1] * 60))
    home.mkdir()
    (home / "settings.toml").write_text('[reader]\nthreads = 2\n\n[coder]\nadapter = "old"\n')
    written = tomllib.loads(promote(config).read_text())
    assert written["reader"] == {"threads": 2}
    assert Path(written["coder"]["adapter"]).read_bytes() == b"adapter"
    assert written["coder"]["model"] == str(tmp_path / "base.gguf")
    kept = json.loads(RunFolder(config.folder).promotion.read_text())
    assert (kept["value"], kept["problems"]) == (0.5, 120)


@pytest.mark.parametrize(
    ("in_force", "tuned", "why"),
    [
        ([1, 0] * 60, [0, 1] * 60, "lower end must exceed"),  # others, not more
        ([1] * 119 + [0], [1] * 120, "lower end must exceed"),  # one problem may be chance
        ([0] * 20, [1] * 20, "20 problems were measured"),
        ([0] * 120, [1] * 119, "different problems"),
    ],
)
def test_promotion_refuses_what_is_not_certain(
    exported: Make, home: Path, tmp_path: Path, in_force: list[int], tuned: list[int], why: str
) -> None:
    with pytest.raises(ExportError, match=why):
        promote(exported(judge(tmp_path, in_force, tuned)))
    assert not (home / "settings.toml").exists()


def test_an_embedding_is_promoted_by_the_same_rule(
    make_config: Make, home: Path, tmp_path: Path
) -> None:
    config = make_config(
        "task=embedding", "data.sources=[{path: x, format: passages, licence: x}]",
        judge(tmp_path, [0, 1] * 60, [1, 1] * 60, "ARXIV_AGENT_EMBEDDING__MODEL"),
    )  # fmt: skip
    with pytest.raises(ExportError, match="Run `train`"):
        promote(config)
    model = RunFolder(config.folder).retriever
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    written = tomllib.loads(promote(config).read_text())
    assert (Path(written["embedding"]["model"]) / "config.json").read_text() == "{}"
    assert home in Path(written["embedding"]["model"]).parents


def test_a_judge_that_does_not_judge(exported: Make, make_config: Make) -> None:
    with pytest.raises(ExportError, match="No GGUF adapter"):
        promote(make_config("base.gguf=x.gguf", "name=other"))
    for command, why in (
        ("[]", "judge is not set"),
        ("[/no/such/command]", "failed"),
        (f'["{sys.executable}", "-c", "raise SystemExit(3)"]', "failed"),
        (f'["{sys.executable}", "-c", "print(3)"]', "no JSON object"),
    ):
        with pytest.raises(ExportError, match=why):
            promote(exported(f"promote.judge={command}"))


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


def test_settings_that_are_not_utf8_are_not_touched(
    exported: Make, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "settings.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ExportError, match="UTF-8"):
        promote(exported(judge(tmp_path, [0] * 120, [1] * 120)))
    assert (home / "settings.toml").read_bytes() == b"# caf\xe9\n"
