"""The page's web server, in this process. It answers to its own names only."""

import importlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rag_agent.serving.access.hosts import names

_APP = Path(__file__).with_name("app.py")
_LISTENING_S = (
    1.0  # by then the server listens, and its browser is still loading the page's own scripts
)


def serve(host: str, port: int, allowed_hosts: Sequence[str] = ()) -> None:
    """Serve the page until Ctrl-C.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        allowed_hosts: Names under which it is reached beside its own; see `names`.
    """
    import streamlit as st
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from streamlit.components.v2 import manifest_scanner

    from ui.web.paper import sheets

    # The page uses no components of other packages, and looking for some parses the metadata of every
    # package installed: 0.3 s of the start.
    manifest_scanner.scan_component_manifests = lambda max_workers=None: []
    later = threading.Timer(_LISTENING_S, _import_page)
    later.daemon = True
    later.start()
    guard = Middleware(
        TrustedHostMiddleware, allowed_hosts=names(host, allowed_hosts), www_redirect=False
    )
    sys.argv = [str(_APP)]  # Streamlit looks for its configuration beside the program that runs
    options = {"server.address": host, "server.port": port, "server.headless": True}
    st.App(_APP, routes=sheets.routes(), middleware=[guard]).run(config=options)


def _import_page() -> None:
    """Import what the first visit needs."""
    importlib.import_module("ui.web.answers")
