"""Library, paper, conversations and settings."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from rag_agent.settings import load_settings
from tests.papers import PONDS, SOURDOUGH
from tests.ui.conftest import Page
from tests.ui.scripted import HOSTILE, write_pdf
from ui import doctor
from ui.web import program
from ui.web.jobs import Job

pytestmark = pytest.mark.long


def job(name: str) -> Job:
    """The job of this name, ended."""
    found = program.jobs().get(name)
    assert found is not None
    assert found.wait(60)
    return found


def test_the_threshold_says_how_many_papers_pass(page: Page) -> None:
    page.open("library")
    page.at.text_input(key="query").set_value("how long does a jar take after feeding")
    page.run()
    page.at.slider(key="threshold").set_value(0.0)
    page.run()
    all_pass = page.text
    page.at.slider(key="threshold").set_value(0.99)
    page.run()
    assert "0 of " in page.text
    assert "0 of " not in all_pass
    assert "Below the threshold" in page.text


def test_a_chinese_query_is_translated(page_of: Callable[..., Page]) -> None:
    page = page_of(lambda messages: "bubbles of sourdough")
    page.open("library")
    page.at.text_input(key="query").set_value("酸面团的气泡")
    page.run()
    assert "Searched as “bubbles of sourdough”" in page.text
    page.at.text_input(key="query").set_value("bubbles of sourdough")
    page.run()
    assert "Searched as" not in page.text


def test_a_chinese_query_that_is_not_translated_says_so(page_of: Callable[..., Page]) -> None:
    page = page_of(lambda messages: "酸面团")
    page.open("library")
    page.at.text_input(key="query").set_value("酸面团的气泡")
    page.run()
    assert "not translated" in page.text


def test_a_paper_found_leads_to_its_page(page: Page) -> None:
    page.open("library")
    page.at.text_input(key="query").set_value("sourdough bubbles ripeness")
    page.run().press(SOURDOUGH.title)
    assert "microphone in the lid" in page.text
    assert "Ada Example" in page.text
    assert "@misc" in page.text


def test_the_library_shows_what_is_in_it(page: Page) -> None:
    page.open("library")
    page.at.button_group(key="section").set_value("What is in it")
    page.run()
    count = page.assistant.library.store.count()
    assert f"{count:,} papers in the library" in page.text
    assert sum(int(metric.value) for metric in page.at.metric) == count
    assert "Growth" in page.text


def test_uploads_are_added_and_rejects_are_reported(page: Page, tmp_path: Path) -> None:
    rows = [
        {
            "id": "2711.01234",
            "title": "Snails on ice",
            "abstract": "Snails on ice slide 3 metres before they come to rest.",
            "authors": "A. Snail",
            "categories": "cs.RO",
            "versions": [{"version": "v1", "created": "Mon, 1 Nov 2027 00:00:00 GMT"}],
        },
        {"id": "nonsense"},
    ]
    metadata = "\n".join(json.dumps(row) for row in rows).encode()
    page.open("library")
    page.at.button_group(key="section").set_value("Add papers")
    page.run()
    uploads = [("snails.jsonl", metadata, "application/json")]
    uploads.append(("../<b>kettles</b>.pdf", write_pdf(tmp_path).read_bytes(), "application/pdf"))
    page.at.file_uploader(key="add-files").set_value(uploads)
    page.press("Add the files")
    assert job("adding").error is None
    page.run()
    assert "2 read: 1 new" in page.text
    assert "1 rejected" in page.text
    assert any("Kettles that sing in two voices" in label for label in page.buttons)
    assert "2711.01234" in page.assistant.library.store.get(["2711.01234"])


def test_arxiv_that_does_not_answer_is_said(page: Page) -> None:
    page.open("library")
    page.at.button_group(key="section").set_value("Add papers")
    page.run()
    page.at.text_input(key="add-id").set_value("2711.09999")
    page.press("Get papers", nth=1)
    job("adding")
    page.run()
    assert 'class="failure"' in page.text


def test_an_uploaded_pdf_shows_its_pages(page: Page, tmp_path: Path) -> None:
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper is not None
    page.open("paper", id=added.paper.arxiv_id)
    tabs = ["Full text", "References", "Similar papers", "Cite", "Code from this paper"]
    assert [tab.label for tab in page.at.tabs] == tabs
    assert page.at.text_input(key=f"find-{added.paper.arxiv_id}")


def test_what_a_paper_cites_is_read_when_asked_for(page: Page, tmp_path: Path) -> None:
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper is not None
    page.open("paper", id=added.paper.arxiv_id).press("Read what it cites, and who cites it")
    job(f"references-{added.paper.arxiv_id}")
    page.run()
    assert "Cited by 0 full texts" in page.text
    assert "Cites 0 works" in page.text


def test_a_paper_can_be_asked_alone(page: Page) -> None:
    page.open("paper", id=PONDS.arxiv_id)
    page.at.text_input(key="ask_paper-text").set_value(
        "How many nanometres is the lunar tide of the pond?"
    )
    page.press("Ask this paper")
    assert page.running.paper == PONDS.arxiv_id
    assert page.running.wait(60)
    assert "31 nanometres" in page.open("chat", session=page.session).text


def test_a_paper_is_deleted_after_a_second_press(page: Page) -> None:
    page.open("paper", id=PONDS.arxiv_id).press("Delete for good")
    assert page.assistant.library.store.get([PONDS.arxiv_id]) == {}
    assert "2711.00003 was deleted" in page.text


def test_markup_in_a_paper_is_shown_as_text(page: Page) -> None:
    page.open("paper", id=HOSTILE.arxiv_id)
    for alive in ("<img", "<script"):
        assert not re.search(rf"(?<!\\){re.escape(alive)}", page.prose)
    # What stands in an HTML element is never read as Markdown.
    markdown = re.sub(r'<p class="plain">.*?</p>', "", page.prose)
    for alive in ("$$", "](javascript", ":red[", r"$\href"):
        assert not re.search(rf"(?<!\\){re.escape(alive)}", markdown)
    assert r"$\alpha_1^2 + \frac{1}{2}$" in page.text


def test_an_unknown_paper_can_be_fetched(page: Page) -> None:
    page.open("paper", id="2711.07777")
    assert "The library has no paper 2711.07777" in page.text
    assert "Get it from arXiv" in page.buttons


def test_conversations_are_listed_renamed_resumed_and_deleted(page: Page) -> None:
    page.run().ask("How many nanometres is the lunar tide of the pond?")
    name = page.session
    page.open("sessions")
    page.at.text_input(key=f"title-{name}").set_value("Pond *tides*")
    page.press("Save")
    assert r"Pond \*tides\*" in page.text
    page.at.text_input(key="find").set_value("volcano")
    assert "Resume" not in page.run().buttons
    page.at.text_input(key="find").set_value("pond")
    page.run().press("Resume")
    assert "31 nanometres" in page.text
    page.open("sessions").press("Delete for good")
    assert "No conversation yet" in page.text
    assert page.assistant.conversations.sessions() == []


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def checks(settings: object, language: str) -> Iterator[doctor.Check]:
        yield doctor.Check("library", "ok", "3 papers")
        yield doctor.Check("arXiv", "warning", "<b>unreachable</b>", "Check the network")

    monkeypatch.setattr(doctor, "checks", checks)


@pytest.mark.usefixtures("checked")
def test_health_is_shown_with_what_to_do(page: Page) -> None:
    page.open("settings").press("Check now")
    job("health")
    page.run()
    assert "3 papers" in page.text
    assert "&lt;b&gt;unreachable&lt;/b&gt;<br>→ Check the network" in page.text


def test_settings_are_kept_and_the_language_changes_at_once(page: Page, home: Path) -> None:
    file = home / "settings.toml"
    file.write_text("# mine, keep\n[agent] # budgets\nrounds = 3\n")
    page.open("settings")
    page.at.number_input(key="setting-retrieval.top_k").set_value(5)
    page.at.selectbox(key="setting-page.language").set_value("zh")
    page.press("Save")
    assert load_settings().retrieval.top_k == 5
    assert "设置" in page.text
    assert file.read_text().startswith("# mine, keep\n[agent] # budgets\nrounds = 3\n")


def test_a_setting_of_the_environment_is_locked(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARXIV_AGENT_RETRIEVAL__TOP_K", "4")
    page.open("settings")
    field = page.at.number_input(key="setting-retrieval.top_k")
    assert field.value == 4
    assert field.disabled


def test_a_key_is_typed_and_not_shown_and_goes_with_its_server(page: Page) -> None:
    page.open("settings")
    page.at.text_input(key="setting-reader.base_url").set_value("http://127.0.0.1:8000/v1")
    page.at.text_input(key="setting-reader.api_key").set_value("sk-very-secret")
    page.press("Save")
    assert load_settings().reader.api_key.get_secret_value() == "sk-very-secret"
    page.open("settings")
    assert page.at.text_input(key="setting-reader.api_key").value == ""
    assert "sk-very-secret" not in page.text
    page.at.text_input(key="setting-reader.base_url").set_value("http://elsewhere.example/v1")
    page.press("Save")
    assert load_settings().reader.base_url == "http://elsewhere.example/v1"
    assert load_settings().reader.api_key.get_secret_value() == ""


def test_a_value_that_cannot_be_is_said_and_changes_nothing(page: Page) -> None:
    page.open("settings")
    page.at.text_input(key="setting-reader.base_url").set_value("http://127.0.0.1:99999")
    page.press("Save")
    assert "is no address" in page.text
    assert load_settings().reader.base_url == ""


def test_a_server_is_tried_before_it_is_saved_and_gets_no_other_ones_key(
    page: Page, httpserver: HTTPServer
) -> None:
    keys: list[str | None] = []

    def reply(request: Request) -> Response:
        keys.append(request.headers.get("Authorization"))
        told = {"choices": [{"index": 0, "delta": {"content": "ready"}, "finish_reason": "stop"}]}
        text = f"data: {json.dumps(told)}\n\ndata: [DONE]\n\n"
        return Response(text, content_type="text/event-stream")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(reply)
    page.open("settings")
    page.at.text_input(key="setting-reader.base_url").set_value("http://127.0.0.1:9/v1")
    page.at.text_input(key="setting-reader.api_key").set_value("sk-of-another")
    page.press("Save")
    page.open("settings")
    page.at.text_input(key="setting-reader.base_url").set_value(httpserver.url_for("/v1"))
    tried(page)
    assert "answers." in page.text
    assert "sk-of-another" not in str(keys)
    assert load_settings().reader.base_url == "http://127.0.0.1:9/v1"
    page.at.text_input(key="setting-reader.base_url").set_value("http://127.0.0.1:9/v1")
    tried(page)
    assert 'class="failure"' in page.text


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("Ollama", "http://127.0.0.1:11434/v1"),
        ("vLLM", "http://127.0.0.1:8000/v1"),
        ("llama.cpp server", "http://127.0.0.1:8080/v1"),
        ("hosted", "https://api.openai.com/v1"),
    ],
)
def test_a_model_server_is_set_up_by_its_name(page: Page, server: str, url: str) -> None:
    page.open("settings")
    page.at.selectbox(key="preset").set_value(server)
    page.run()
    assert page.at.text_input(key="setting-reader.base_url").value == url
    model = page.at.text_input(key="setting-reader.model")
    assert model.value == ""
    assert model.placeholder, "an example of a name"
    assert 'class="notice"' in page.text, "says how to get the server and the name"
    assert load_settings().reader.base_url == "", "nothing is saved yet"
    tried(page)
    assert "Type the name that the model has on this server" in page.text
    page.at.text_input(key="setting-reader.model").set_value("mine")
    page.press("Save")
    assert (load_settings().reader.base_url, load_settings().reader.model) == (url, "mine")
    page.open("settings")
    assert page.at.text_input(key="setting-reader.model").value == "mine"


def test_the_way_back_to_the_embedded_model(page: Page) -> None:
    page.open("settings")
    before = load_settings().reader
    page.at.selectbox(key="preset").set_value("vLLM")
    page.run()
    page.at.selectbox(key="preset").set_value("embedded")
    page.run().press("Save")
    assert load_settings().reader == before


def tried(page: Page) -> None:
    """Press the button that tries a server, and wait for what comes of it."""
    page.press("Test connection")
    job = program.jobs().get("connection")
    assert job is not None
    assert job.wait(100)
    page.run()
