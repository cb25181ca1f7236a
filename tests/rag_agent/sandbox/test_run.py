"""How a program ended is kept as JSON."""

from rag_agent.sandbox import Run


def test_a_run_is_json() -> None:
    run = Run("failed", 1, "out", "err", 0.12345, 7.89)
    assert run.as_json() == {
        "outcome": "failed",
        "exit_code": 1,
        "stdout": "out",
        "stderr": "err",
        "seconds": 0.123,
        "memory_mb": 7.9,
    }
