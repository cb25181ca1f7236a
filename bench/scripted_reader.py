"""A language model that follows a script, as a server with OpenAI's API: `python -m bench.scripted_reader PORT`.

It answers a question with the sentence of the texts shown that names what the question names, and else that it is not
stated. So it is right whenever the program shows it the right texts, and an answer that is wrong is the program's.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SECONDS_A_WORD = 0.005
_NAMED = re.compile(r"tide of lake (\w+)", re.I)
NOT_STATED = "NOT STATED"


def reply(messages: list[dict[str, Any]]) -> str:
    """What the model says to a prompt: an answer, a plan, a summary or another query."""
    system, asked = str(messages[0]["content"]), str(messages[-1]["content"])
    question = asked.rpartition("Question: ")[2].strip()
    if "plan the work" in system:
        plan = {
            "route": "research",
            "paper": "",
            "query": question,
            "keywords": [],
            "sub_questions": [],
        }
        return json.dumps(plan)
    named = _NAMED.search(question)
    if asked.startswith(("Abstract:", "Excerpts:")) and named:
        said = re.search(rf"The tide of lake {named[1]} is \d+ nanometres\.", asked, re.I)
        return said[0] if said else NOT_STATED
    if "summar" in system.lower():
        return "They spoke of the tides of lakes."
    return NOT_STATED if asked.startswith(("Abstract:", "Excerpts:")) else f"Tides of {question}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"object": "list", "data": [{"id": "scripted", "object": "model"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for chunk in _chunks(reply(body["messages"])):
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line a request would be all there is."""


def _chunks(text: str) -> Iterator[dict[str, Any]]:
    head = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    words = re.findall(r"\s*\S+", text)
    for word in words:
        time.sleep(_SECONDS_A_WORD)
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": word},
            "finish_reason": None,
        }
        yield {**head, "choices": [choice]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 100, "completion_tokens": len(words)}
    yield {**head, "choices": [], "usage": {**usage, "total_tokens": 100 + len(words)}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that left are no news."""


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
