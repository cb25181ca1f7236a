"""Every error of the library and the agent, in one tree.

AgentError                 what happened, what was kept, what to do next
├── InvalidArxivId         a text that is not an arXiv id
├── SourceError            a place that papers come from: a file that cannot be read at all, a query refused
│   └── SourceUnavailable  a server: no connection, a time-out, or refused after every retry
├── WeightsError           model weights that cannot be resolved or do not match their hash
├── EmbeddingUnavailable   the embedding model's process does not start or ended
├── StoreError             the Milvus store
│   ├── StoreUnavailable   nothing answers, or the folder cannot be opened
│   │   └── ServerAway     a Milvus server that does not answer, or is not yet ready to
│   ├── SchemaMismatch     the collection was made with another schema or embedding model
│   └── KeywordUnsupported the server has no BM25 functions
├── ArxivError             arXiv's API or PDF server
│   ├── ArxivUnavailable   no connection, a time-out, or refused after every retry (SourceUnavailable too)
│   └── PaperNotFound      there is no such paper
├── DocumentError          a paper's file that gives no text: damaged, hostile, too large, too slow
│   └── PdfError           a PDF: also locked, or scanned
├── ModelError             the language model
│   ├── ModelUnavailable   no server answers and none can be started
│   ├── InvalidReply       a reply that does not fit its schema, after the repair attempt
│   └── OutOfTime          the seconds that a question may take are spent
├── DatabaseUnavailable    conversations, jobs or keys cannot be read or written now
└── SandboxUnavailable     code cannot be isolated here, so it is not run
"""


class AgentError(Exception):
    """Base of the tree. `str(error)` says what happened; `kept` and `next_step` say the rest.

    Args:
        what: One clause, what happened.
        kept: What is still intact, empty where nothing was at stake.
        next_step: What the user can do about it.
    """

    def __init__(self, what: str, *, kept: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.kept = kept
        self.next_step = next_step

    def __str__(self) -> str:
        parts = (self.what, self.kept, self.next_step)
        return " ".join(part.rstrip(".") + "." for part in parts if part)


class InvalidArxivId(AgentError):
    """A text that is not an arXiv id."""


class SourceError(AgentError):
    """A place that papers come from: a file that cannot be read at all, or a server that refuses a query."""


class SourceUnavailable(SourceError):
    """No connection, a time-out, or a refusal that outlasted every retry.

    Attributes:
        refused: Whether the server is there and refuses, so that another place may be asked instead.
    """

    refused = False


class WeightsError(AgentError):
    """Model weights that cannot be resolved or do not match their hash."""


class EmbeddingUnavailable(AgentError):
    """The process that holds the embedding model does not start, or ended while it worked."""


class StoreError(AgentError):
    """The Milvus store failed."""


class StoreUnavailable(StoreError):
    """Nothing answers at the store's address, or its folder cannot be opened."""


class ServerAway(StoreUnavailable):
    """A Milvus server does not answer, or has just come back and is not ready; it may be waited for."""


class SchemaMismatch(StoreError):
    """The collection was made with another schema version, embedding model or dimension."""


class KeywordUnsupported(StoreError):
    """The Milvus server is older than 2.5 and has no BM25 functions."""


class ArxivError(AgentError):
    """arXiv's API or PDF server."""


class ArxivUnavailable(ArxivError, SourceUnavailable):
    """arXiv: no connection, a time-out, or a refusal that outlasted every retry."""


class PaperNotFound(ArxivError):
    """There is no paper under this id or title."""


class DocumentError(AgentError):
    """A paper's file that gives no text: damaged, hostile, too large or too slow."""


class PdfError(DocumentError):
    """A PDF that gives no text: broken, locked, scanned, too large or too slow."""


class ModelError(AgentError):
    """The language model failed."""


class ModelUnavailable(ModelError):
    """No server answers at the model's address and none can be started."""


class InvalidReply(ModelError):
    """The model's reply does not fit its schema, also after the repair attempt."""


class OutOfTime(ModelError):
    """The seconds that a question may take are spent, so the model is not asked, or no longer listened to."""


class DatabaseUnavailable(AgentError):
    """Conversations, jobs or keys cannot be read or written now: no server answers, or the disk is full."""


class SandboxUnavailable(AgentError):
    """Code cannot be isolated on this machine, so it is not run."""
