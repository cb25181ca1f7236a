"""The page's web server, in this process."""

import importlib
import threading
from pathlib import Path

_APP = Path(__file__).parents[1] / "app.py"
_LISTENING_S = (
    1.0  # by then the server listens, and its browser is still loading the page's own scripts
)


def serve(host: str, port: int) -> None:
    """Serve the page until Ctrl-C.

    Args:
        host: Address to listen on.
        port: Port to listen on.
    """
    from streamlit.components.v2 import manifest_scanner
    from streamlit.web import cli

    # The page uses no components of other packages, and looking for some parses the metadata of every
    # package installed: 0.3 s of the start.
    manifest_scanner.scan_component_manifests = lambda max_workers=None: []
    later = threading.Timer(_LISTENING_S, _import_page)
    later.daemon = True
    later.start()
    options = {"server.address": host, "server.port": port, "server.headless": "true"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    cli.main(["run", str(_APP), *arguments])


def _import_page() -> None:
    """Import what the first visit needs."""
    importlib.import_module("ui.web.answers")
