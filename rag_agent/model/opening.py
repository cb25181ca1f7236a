"""The model of a role, ready to be asked: a server that settings name, or the embedded one, started if need be."""

from pathlib import Path

from ingestion.errors import ModelUnavailable
from ingestion.machine import weights
from rag_agent.model import llama_server
from rag_agent.model.adapter import adapter_name, adapter_of
from rag_agent.model.client import LanguageModel, Role
from rag_agent.model.engine_choice import EngineChoice, engine_here
from rag_agent.model.llama_server import LlamaConfig
from rag_agent.model.openvino import process as openvino
from rag_agent.model.openvino.process import OpenVinoConfig
from rag_agent.settings import RoleSettings, Settings

NO_MODEL = "none"


def open_model(
    role: Role, settings: Settings, report: weights.Report = lambda what, share: None
) -> LanguageModel:
    """The model of a role, ready to be asked; the embedded server is started if none runs.

    Raises:
        ModelUnavailable: The role has no model, or the embedded server does not start.
        WeightsError: The embedded model's weights cannot be had.
    """
    role_settings = _role(role, settings)
    if role_settings.base_url:
        return LanguageModel(
            name=adapter_name(role, settings) or role_settings.model or settings.reader.model,
            base_url=role_settings.base_url,
            api_key=role_settings.api_key.get_secret_value(),
            timeout_s=role_settings.timeout_s,
        )
    model = role_settings.model or settings.reader.model
    if model == NO_MODEL:
        raise ModelUnavailable(
            "No language model is set (model is none)",
            next_step="Set ARXIV_AGENT_READER__MODEL to have answers written instead of quoted",
        )
    if engine_of(role, settings).engine == "openvino":
        try:
            return _on_openvino(model, settings, report)
        except ModelUnavailable as error:
            if settings.reader.engine != "auto":
                raise
            report(f"{error} llama.cpp is started instead", 0.0)
    return _on_llama_cpp(role, model, settings, report)


def engine_of(role: Role, settings: Settings) -> EngineChoice:
    """The engine of a role's embedded model, and why.

    The coder writes more than it reads, which llama.cpp does sooner (`make bench-engine`), and an adapter is
    applied there alone. With one the reader shares that server, rather than two beside each other.
    """
    if role == "coder":
        return EngineChoice("llama.cpp", "it writes sooner than OpenVINO, and programs are long")
    if settings.reader.engine != "auto":
        return EngineChoice(settings.reader.engine, "the setting reader.engine names it")
    return engine_here(adapter=adapter_of("coder", settings) is not None)


def _on_openvino(model: str, settings: Settings, report: weights.Report) -> LanguageModel:
    reader, adapter = settings.reader, adapter_of("reader", settings)
    config = OpenVinoConfig(
        model=str(weights.resolve(model, settings.home, report)),
        context_tokens=reader.context_tokens,
        slots=reader.slots,
        threads=reader.threads,
        keep_alive_s=reader.keep_alive_s,
        adapter=str(adapter or ""),
    )
    service = openvino.ensure(config, settings.home)
    return LanguageModel(
        name=_name(model, adapter),
        base_url=f"{service.uri}/v1",
        api_key=service.token,
        timeout_s=reader.timeout_s,
        on_use=lambda: openvino.touch(config, settings.home),
    )


def _on_llama_cpp(
    role: Role, model: str, settings: Settings, report: weights.Report
) -> LanguageModel:
    config = llama_config(role, settings, report)
    service = llama_server.ensure(config, settings.home)
    own = adapter_of(role, settings)
    scale = settings.coder.adapter_scale if role == "coder" else 1.0
    lora = [
        {"id": place, "scale": scale if adapter == str(own) else 0.0}
        for place, adapter in enumerate(config.adapters)
    ]
    return LanguageModel(
        name=_name(model, own),
        base_url=f"{service.uri}/v1",
        api_key=service.token,
        timeout_s=_role(role, settings).timeout_s,
        extra_body={"lora": lora} if lora else {},
        on_use=lambda: llama_server.touch(config, settings.home),
    )


def llama_config(
    role: Role, settings: Settings, report: weights.Report = lambda what, share: None
) -> LlamaConfig:
    """How the embedded server of a role is started; reader and coder of one base model share one."""
    reader, coder = settings.reader, settings.coder
    own_coder = not coder.base_url and coder.model not in ("", reader.model)
    model = coder.model if role == "coder" and own_coder else reader.model
    served: tuple[Role, ...] = (role,) if own_coder or coder.base_url else ("reader", "coder")
    adapters = dict.fromkeys(adapter_of(one, settings) for one in served)
    return LlamaConfig(
        model=str(weights.resolve(model, settings.home, report)),
        adapters=tuple(str(adapter) for adapter in adapters if adapter),
        context_tokens=reader.context_tokens,
        slots=reader.slots,
        threads=reader.threads,
        keep_alive_s=reader.keep_alive_s,
    )


def _name(model: str, adapter: Path | None) -> str:
    """`qwen2.5-coder-1.5b-instruct+evol`: weights, and what was tuned."""
    base = Path(model).name.removesuffix(".gguf")
    return f"{base}+{adapter.stem}" if adapter else base


def _role(role: Role, settings: Settings) -> RoleSettings:
    own_coder = settings.coder.base_url or settings.coder.model
    return settings.coder if role == "coder" and own_coder else settings.reader
