import pytest

from rag_agent.sandbox import Sandbox
from tests.rag_agent import sandboxes


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return sandboxes.opened(sandboxes.TIGHT)
