"""Every setting of the program, as one frozen value.

Precedence: argument, environment (`ARXIV_AGENT_READER__MODEL=…`), `settings.toml` in the data folder,
default. Reading the settings opens and builds nothing.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ingestion.errors import AgentError
from ingestion.machine.user_path import user_path
from ingestion.settings import (
    Address,
    ArxivSettings,
    CatalogueSettings,
    EmbeddingSettings,
    Part,
    PdfSettings,
    StoreSettings,
    ZoteroSettings,
)

Mode = Literal["dense", "keyword", "hybrid"]
HostName = Annotated[str, Field(pattern=r"^(\*\.)?[\w.-]+$|^\[[0-9A-Fa-f:.]+\]$")]
Where = Literal["argument", "environment", "file", "default"]


class RoleSettings(Part):
    """A language model in one role: which model, on which server."""

    base_url: Address = Field(
        "",
        description="OpenAI-compatible server, such as http://127.0.0.1:8000/v1; empty: llama.cpp in process",
    )
    api_key: SecretStr = Field(SecretStr(""), description="Key of that server, where it wants one")
    model: str = Field(
        "", description="Model name on the server, or the embedded weights: name or GGUF path"
    )
    timeout_s: float = Field(180.0, gt=0, description="Longest wait for one reply, seconds")


class ReaderSettings(RoleSettings):
    """The model that plans, reads and answers."""

    model: str = Field(
        "qwen2.5-coder-1.5b-instruct",
        description="Model name on the server; embedded: qwen2.5-coder-1.5b-instruct, "
        "qwen2.5-coder-0.5b-instruct, a GGUF file, or none (quotes only)",
    )
    adapter: str = Field(
        "",
        description="LoRA adapter of the embedded model: a GGUF file, or none; empty: the one shipped for it, if any",
    )
    engine: Literal["auto", "openvino", "llama.cpp"] = Field(
        "auto",
        description="Engine of the embedded model; auto takes the one that reads prompts sooner on this processor",
    )
    context_tokens: int = Field(
        8192, ge=2048, description="Context of one request, tokens (embedded model)"
    )
    slots: int = Field(
        2, ge=1, le=16, description="Requests answered at once by the embedded model"
    )
    threads: int = Field(0, ge=0, description="Threads of the embedded model; 0 takes every core")
    keep_alive_s: float = Field(
        600.0, ge=10, description="Seconds that the embedded model stays loaded after its last use"
    )


class CoderSettings(RoleSettings):
    """The model that writes programs; empty values are the reader's."""

    adapter: str = Field(
        "",
        description="LoRA adapter: a GGUF file (embedded), the adapter's model name on the server, or none; "
        "empty: the one shipped for the embedded model, if any",
    )
    adapter_scale: float = Field(1.0, ge=0, le=4, description="Weight of the adapter, 1 as trained")


class RetrievalSettings(Part):
    """How the library is searched."""

    threshold: float = Field(
        0.5, ge=-1, le=1, description="Least raw cosine of a paper that counts as found"
    )
    mode: Mode = Field("hybrid", description="dense, keyword or hybrid")
    top_k: int = Field(8, ge=1, le=100, description="Papers an answer may rest on")
    sentences: int = Field(
        12, ge=3, le=40, description="Numbered sentences shown to the reader model"
    )


class AgentSettings(Part):
    """Budgets that always end a question."""

    rounds: int = Field(3, ge=1, le=10, description="Searches for one question")
    seconds: float = Field(
        180.0, gt=0, description="Time for one question, seconds; then the best so far"
    )
    fetch: bool = Field(
        True, description="Ask arXiv when nothing in the library passes the threshold"
    )
    fetch_papers: int = Field(
        10, ge=1, le=100, description="Papers taken from arXiv for one question"
    )
    read_papers: int = Field(2, ge=0, le=5, description="Full texts read for one question")
    memory_tokens: int = Field(
        600, ge=0, description="Tokens of the conversation that a question carries"
    )


class SandboxSettings(Part):
    """Limits on generated programs. None of them can switch the isolation off."""

    timeout_s: float = Field(20.0, gt=0, le=600, description="Wall time of one run, seconds")
    memory_mb: int = Field(
        2048, ge=64, description="Memory of one run, megabytes; importing torch takes up to 740"
    )
    processes: int = Field(16, ge=1, description="Processes and threads of one run")
    file_mb: int = Field(
        16,
        ge=1,
        description="Most that a run may write, on disk and in shared memory each, MB",
    )
    output_kb: int = Field(64, ge=1, description="Output kept of one run, kilobytes")
    repairs: int = Field(
        3, ge=0, le=5, description="Further rounds for a failing program: a repair, then new drafts"
    )


class PageSettings(Part):
    """The chat page."""

    language: Literal["auto", "en", "zh"] = Field(
        "auto", description="Language of the page: en, zh, or auto, which is the browser's"
    )
    allowed_hosts: tuple[HostName, ...] = Field(
        (),
        description="Names under which a browser may reach the page, beside localhost and the address it "
        "listens on: papers.example.org, *.example.org",
    )


class ServeSettings(Part):
    """The servers for other programs, `serve` and `mcp --http`."""

    allowed_hosts: tuple[HostName, ...] = Field(
        (), description="Names under which they may be asked, beside localhost and their address"
    )
    max_body_kb: int = Field(1000, ge=1, description="Largest request, kilobytes")
    requests_per_minute: int = Field(
        600,
        ge=1,
        description="Requests taken in a minute from each key, by each process that serves",
    )
    incoming: Path | None = Field(
        None,
        description="Folder whose metadata files a job may ingest, the same for all servers; empty: no such jobs",
    )
    parallel: int = Field(4, ge=1, le=64, description="Requests worked on at once")
    waiting: int = Field(32, ge=0, description="Requests that wait for these; more are refused")


class DatabaseSettings(Part):
    """Where conversations, jobs and keys of users are kept."""

    url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL for conversations, jobs and keys, shared by several servers, such as "
        "postgresql://user:password@host/database; empty: files in HOME",
    )

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")) and url:
            raise ValueError("it begins with postgresql://")
        return url


class TelemetrySettings(Part):
    """Figures for those who run the program; nothing is measured unless asked for, and no text is ever told."""

    metrics: bool = Field(
        False,
        description="Prometheus: `serve` gives them at /metrics, `ingest` writes HOME/metrics/ingest.prom",
    )
    traces: Address = Field(
        "",
        description="OpenTelemetry: where spans of questions and jobs are sent, such as "
        "http://127.0.0.1:4318/v1/traces (OTLP over HTTP); empty: nowhere",
    )


class Settings(BaseSettings):
    """All settings; `load_settings` reads them."""

    model_config = SettingsConfigDict(
        env_prefix="ARXIV_AGENT_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(description="The one folder for all data")
    store: StoreSettings = StoreSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    arxiv: ArxivSettings = ArxivSettings()
    catalogues: CatalogueSettings = CatalogueSettings()
    pdf: PdfSettings = PdfSettings()
    zotero: ZoteroSettings = ZoteroSettings()
    reader: ReaderSettings = ReaderSettings()
    coder: CoderSettings = CoderSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    agent: AgentSettings = AgentSettings()
    sandbox: SandboxSettings = SandboxSettings()
    page: PageSettings = PageSettings()
    serve: ServeSettings = ServeSettings()
    database: DatabaseSettings = DatabaseSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    prompts: dict[str, str] = Field(
        default_factory=dict, description="Prompt templates by name that replace the program's own"
    )

    @property
    def assets(self) -> Path:
        """Folder of the PDFs at hand."""
        return self.home / "pdfs"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, settings_file(home_folder()))
        return init_settings, env_settings, file


def home_folder() -> Path:
    """The data folder: `ARXIV_AGENT_HOME`, else the platform's own place for user data.

    Raises:
        AgentError: The variable names a user that this machine does not have.
    """
    named = os.environ.get("ARXIV_AGENT_HOME")
    if named:
        return user_path(named).absolute()
    from platformdirs import user_data_path

    return user_data_path("arxiv-agent", appauthor=False)


def settings_file(home: Path) -> Path:
    """The settings file inside a data folder; it need not exist."""
    return home / "settings.toml"


def load_settings(**arguments: Any) -> Settings:
    """Read the settings in force.

    Args:
        arguments: Values that win over everything else, nested as dictionaries.

    Raises:
        AgentError: A value out of range, an unknown key, or a settings file that is not TOML in UTF-8.
    """
    try:
        return Settings(**{"home": home_folder(), **arguments})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise AgentError(
            f"Setting {key}: {first['msg']}", next_step="`arxiv-agent settings` lists every setting"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise unreadable(settings_file(home_folder()), error) from error


def unreadable(file: Path, error: Exception) -> AgentError:
    """Why a settings file cannot be read, and the way on."""
    if isinstance(error, UnicodeDecodeError):
        return AgentError(
            f"{file} is not UTF-8 text (byte {error.start})",
            next_step="Save it as UTF-8 in an editor, or remove it",
        )
    why = error.strerror if isinstance(error, OSError) else f"it is not valid TOML: {error}"
    return AgentError(f"{file} cannot be read: {why}", next_step="Mend or remove the file")


def origins(settings: Settings, arguments: Mapping[str, Any]) -> dict[str, tuple[Any, Where]]:
    """Each setting's dotted name with its value and where that came from. Secrets stay masked."""
    environment = EnvSettingsSource(Settings)()
    file = TomlConfigSettingsSource(Settings, settings_file(settings.home))()

    def where(path: list[str]) -> Where:
        sources: tuple[tuple[Where, Any], ...] = (
            ("argument", arguments),
            ("environment", environment),
            ("file", file),
        )
        for name, values in sources:
            if _holds(values, path):
                return name
        return "default"

    return {".".join(path): (value, where(path)) for path, value in _leaves(settings.model_dump())}


def _holds(values: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[list[str], Any]]:
    found: list[tuple[list[str], Any]] = []
    for key, value in values.items():
        path = (*above, key)
        if isinstance(value, Mapping) and value:
            found.extend(_leaves(value, path))
        else:
            found.append((list(path), value))
    return found
