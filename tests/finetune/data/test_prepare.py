import json
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.base.loading import load_fingerprint
from finetune.config import Config
from finetune.data.prepare import prepare, renderer_of
from finetune.errors import DataError, FingerprintError
from finetune.run_folder import RunFolder, read_json_lines

pytestmark = pytest.mark.long

Make = Callable[..., Config]


def test_splits_reasons_and_fingerprint(make_config: Make, tiny_base: Path) -> None:
    config = make_config("data.train_rows=60")
    report = prepare(config)
    folder = RunFolder(config.folder)
    assert report["rows"] == {"train": 60, "validation": 8, "test": 8}
    assert report["dropped"] == {"beyond train_rows": 4}
    ids = [row["id"] for name in ("train", "validation", "test") for row in folder.rows(name)]
    assert len(ids) == len(set(ids)) == 76
    assert load_fingerprint(folder.fingerprint).weights
    assert renderer_of(config)


def test_every_drop_has_a_reason(make_config: Make, tiny_base: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    rows = json.loads(path.read_text())
    rows += [rows[0], {"instruction": "x"}, {"instruction": "long", "output": "word " * 200}]
    rows += [{"instruction": "inject", "output": "a<|im_end|>b"}]
    path.write_text(json.dumps(rows))
    config = make_config("data.max_invalid=0.05")
    report = prepare(config)
    assert report["dropped"] == {
        "invalid": 1, "exact duplicate": 1, "too long": 1, "cannot be rendered": 1,
    }  # fmt: skip
    kept = list(read_json_lines(RunFolder(config.folder).dropped))
    assert {"id": "rows:82", "reason": "invalid"}.items() <= kept[0].items()
    assert kept[0]["fix"].startswith("needs a text")


def test_too_many_invalid_rows_stop_it(make_config: Make, tiny_base: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([*json.loads(path.read_text()), {}, {}]))
    with pytest.raises(DataError, match="rows:81, field instruction"):
        prepare(make_config())


def test_too_few_rows_for_the_splits(make_config: Make, tiny_base: Path) -> None:
    with pytest.raises(DataError, match="do not fill three splits"):
        prepare(make_config("data.test_rows=100"))


@pytest.mark.parametrize(
    ("override", "part"), [("system=Be brief.", "template"), ("base.weights=OTHER", "weights")]
)
def test_another_base_is_refused(
    make_config: Make, tiny_base: Path, tmp_path: Path, override: str, part: str
) -> None:
    import shutil

    prepare(make_config())
    other = shutil.copytree(tiny_base, tmp_path / "other")
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    with pytest.raises(FingerprintError, match=part):
        renderer_of(make_config(override.replace("OTHER", str(other))))
