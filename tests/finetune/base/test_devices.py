"""Where a run computes, and in which dtype."""

import pytest

from finetune.base import devices
from finetune.base.devices import cpu_flops, with_dtype
from finetune.config import Config


def config(device: str, **base: str) -> Config:
    return Config.model_validate(
        {
            "name": "a-run",
            "base": {"weights": "somewhere", "licence": "none", **base},
            "data": {"sources": [{"path": "rows.json", "format": "alpaca", "licence": "none"}]},
            "train": {"device": device},
        }
    )


@pytest.mark.parametrize("faster", ["bfloat16", "float32"])
def test_on_a_cpu_the_weights_compute_in_what_it_multiplies_faster(
    monkeypatch: pytest.MonkeyPatch, faster: str
) -> None:
    monkeypatch.setattr(devices, "cpu_flops", lambda dtype: 2.0 if dtype == faster else 1.0)
    assert with_dtype(config("cpu")).base.dtype == faster


def test_a_gpu_computes_in_16_bits_whatever_this_cpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cpu_flops", lambda dtype: 2.0 if dtype == "float32" else 1.0)
    assert with_dtype(config("cuda")).base.dtype == "bfloat16"


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_dtype_that_is_named_is_kept(dtype: str) -> None:
    assert with_dtype(config("cpu", dtype=dtype)).base.dtype == dtype


def test_the_speed_of_this_cpu_is_measured_once() -> None:
    assert cpu_flops("float32") > 1e8
    assert cpu_flops("float32") == cpu_flops("float32")
