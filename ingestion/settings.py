"""Settings of the parts that bring papers in. Values only: nothing here opens or builds anything."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = not text or bool(parts.scheme and parts.hostname and parts.port != 0)
    except ValueError:  # brackets left open, or a port beyond 65535
        usable = False
    if not usable:
        raise ValueError(f"{text!r} is no address such as http://127.0.0.1:8000")
    return text


Address = Annotated[str, AfterValidator(_address)]
"""A server's address with scheme, host and a port that exists; empty for none."""


class Part(BaseModel):
    """Base of every part: frozen, and an unknown key is an error instead of a silent typo."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Part):
    """Where the Milvus collection lives."""

    uri: Address = Field(
        "",
        description="Milvus server address such as http://127.0.0.1:19530; empty: Milvus Lite in HOME/library",
    )
    token: SecretStr = Field(
        SecretStr(""), description="user:password or token of the Milvus server"
    )
    collection: str = Field("papers", pattern=r"^[A-Za-z_]\w{0,63}$", description="Collection name")
    timeout_s: float = Field(30.0, gt=0, description="Longest wait for one store call, seconds")


class EmbeddingSettings(Part):
    """The sentence-transformers model that embeds papers, passages and questions."""

    model: str = Field(
        "sentence-transformers/all-MiniLM-L6-v2",
        description="Local folder or hub name of the model",
    )
    precision: str = Field(
        "auto",
        pattern="^(auto|fp32|bf16)$",
        description="auto takes bf16 where the processor computes it natively, else fp32",
    )
    batch_tokens: int = Field(
        2048, ge=256, le=65536, description="Tokens in one forward pass, padding included"
    )


class Manners(Part):
    """How a place that papers come from is asked: rarely, patiently, and not for ever."""

    delay_s: float = Field(1.0, ge=0, description="Seconds between two requests, process-wide")
    timeout_s: float = Field(10.0, gt=0, description="Longest wait for an answer, seconds")
    max_tries: int = Field(3, ge=1, le=10, description="Tries for one request, the first included")
    max_wait_s: float = Field(
        60.0, ge=0, description="Longest single wait that a Retry-After header may ask for, seconds"
    )
    max_requests: int = Field(6, ge=1, description="Requests one question may cost")
    cache_hours: float = Field(
        24.0, ge=0, description="How long an answer is served from disk, hours"
    )


class ArxivSettings(Manners):
    """How arXiv is asked. Defaults follow its terms: one request every 3 seconds, one connection."""

    api_url: Address = Field(
        "https://export.arxiv.org/api/query",
        description="The whole query endpoint; a mirror or a test server",
    )
    pdf_url: Address = Field(
        "https://arxiv.org/pdf", description="PDF address, to which /ID is appended"
    )
    oai_url: Address = Field(
        "https://oaipmh.arxiv.org/oai", description="OAI-PMH address, for watches and bulk"
    )
    oai_timeout_s: float = Field(
        90.0, gt=0, description="Longest wait for a page of OAI-PMH to begin, seconds"
    )
    delay_s: float = Field(3.0, ge=0, description="Seconds between two requests, process-wide")
    # Two searches, a record, and two papers, whose HTML, source and PDF may be asked for in turn.
    max_requests: int = Field(9, ge=1, description="Requests one question may cost")


class CatalogueSettings(Manners):
    """How the places beside arXiv are asked. One request a second is what the strictest of them allows."""

    openreview_url: Address = Field(
        "https://api2.openreview.net", description="OpenReview's API, version 2"
    )
    acl_url: Address = Field(
        "https://aclanthology.org/anthology+abstracts.bib.gz",
        description="The ACL Anthology as one file, which is searched here",
    )
    semantic_scholar_url: Address = Field(
        "https://api.semanticscholar.org/graph/v1", description="Semantic Scholar's graph"
    )
    semantic_scholar_key: SecretStr = Field(
        SecretStr(""), description="Its API key; without one all users share a few requests"
    )
    openalex_url: Address = Field("https://api.openalex.org", description="OpenAlex")
    openalex_key: SecretStr = Field(
        SecretStr(""), description="Its API key, which is free; without one a few requests a day"
    )


class PdfSettings(Part):
    """Papers' files, which are untrusted: which form is read, and limits on all of them."""

    max_mb: int = Field(50, ge=1, description="Largest file read, megabytes")
    max_pages: int = Field(
        300, ge=1, description="Pages read of one file; the rest is left out and said so"
    )
    timeout_s: float = Field(
        30.0, gt=0, description="Longest time to get the text of one file, seconds"
    )
    form: Literal["best", "html", "latex", "pdf"] = Field(
        "best", description="Form of a paper that is read; best: HTML, then LaTeX source, then PDF"
    )
    cache_mb: int = Field(
        500, ge=0, description="Size limit of cached passages and vectors, megabytes"
    )


class ZoteroSettings(Part):
    """The Zotero library that `import --zotero` reads."""

    library_id: str = Field(
        "", pattern=r"^\d*$", description="Number of the user or group (zotero.org/settings/keys)"
    )
    library_type: Literal["user", "group"] = Field("user", description="user or group")
    api_key: SecretStr = Field(SecretStr(""), description="Key of a library that is not public")
    local: bool = Field(False, description="Ask the Zotero that runs on this machine")
    url: Address = Field("", description="Address of the API; empty: Zotero's own")
    timeout_s: float = Field(30.0, gt=0, description="Longest wait for one answer, seconds")
