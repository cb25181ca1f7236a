"""Spans for OpenTelemetry (the extra `server`), sent to a collector over OTLP."""

from functools import cache
from importlib.metadata import version
from typing import Any

from ingestion.machine.packages import needed
from rag_agent.telemetry.spans import Ended, Figures, watch


class Traces:
    """Hands each span of this process to an exporter. A span has its name, numbers, and an error's class: no text.

    Args:
        processor: OpenTelemetry's `SpanProcessor`.
    """

    def __init__(self, processor: Any) -> None:
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider

        about = {SERVICE_NAME: "arxiv-agent", SERVICE_VERSION: version("arxiv-rag-agent")}
        # Not the process-wide provider: what libraries would record of paths and headers stays out.
        provider = TracerProvider(resource=Resource(about))
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("rag_agent")

    def __call__(self, name: str, holds: bool) -> Ended:
        """See `Watcher`."""
        from opentelemetry import context, trace

        span = self._tracer.start_span(name, record_exception=False, set_status_on_exception=False)
        token = context.attach(trace.set_span_in_context(span)) if holds else None

        def end(figures: Figures, error: str) -> None:
            if token is not None:
                context.detach(token)
            span.set_attributes({f"arxiv_agent.{key}": value for key, value in figures.items()})
            if error:
                span.set_attribute("error.type", error)
                span.set_status(trace.Status(trace.StatusCode.ERROR))
            span.end()

        return end


@cache
def start(endpoint: str) -> None:
    """Send the spans of this process to a collector, such as `http://127.0.0.1:4318/v1/traces`, from now on.

    Raises:
        AgentError: OpenTelemetry is not installed.
    """
    with needed("OpenTelemetry"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        watch(Traces(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))))
