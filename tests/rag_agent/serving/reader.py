"""`serve` with the scripted assistant of the page's tests, as a program.

`python -m tests.rag_agent.serving.reader HOME PORT SECONDS`, with a pause of so many seconds between words.
"""

import sys
from pathlib import Path

from rag_agent.serving.run import run_api
from tests.ui.scripted import scripted_assistant

if __name__ == "__main__":
    home, port, seconds_a_piece = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    assistant = scripted_assistant(home, seconds_a_piece=seconds_a_piece)
    run_api(assistant, "127.0.0.1", port, lambda said: print(said, flush=True))
