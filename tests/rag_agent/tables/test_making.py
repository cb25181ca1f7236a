from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AgentError, ModelUnavailable
from rag_agent.jobs import FolderJobs, Run
from rag_agent.tables import Table, columns_of, making
from tests.papers import LIGHTHOUSE, PONDS
from tests.rag_agent.asking.desk import Desk, desk, prompts

ASKED = making.arguments("surface error; diet", [LIGHTHOUSE.arxiv_id, PONDS.arxiv_id])
REPLIES = (
    "The surface error of the lens was 0.8 micrometres.",
    "NOT STATED",
    "The surface error of the pond was 31 nanometres.",
    "NOT STATED",
)


def working(services: Desk) -> Callable[[Run], dict[str, Any]]:
    return lambda run: making.make_table(run, services)


def test_each_cell_is_a_value_with_its_quote_or_not_stated(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    job = jobs.run(jobs.add(making.KIND, ASKED).id, working(desk(*REPLIES)))
    table = Table.from_json(jobs.result(job.id) or {})
    lens, pond = table.rows
    assert lens.cells[0].value == REPLIES[0]
    assert "0.8 micrometres" in lens.cells[0].citations[0].quote
    assert lens.cells[0].citations[0].quote in LIGHTHOUSE.text
    assert [cell.text for cell in (lens.cells[1], *pond.cells)] == ["not stated"] * 3
    assert (job.done, job.total) == (3, 4)


def test_a_number_that_no_quote_holds_is_not_stated(tmp_path: Path) -> None:
    asked = making.arguments("surface error", [LIGHTHOUSE.arxiv_id])
    jobs, services = (
        FolderJobs(tmp_path),
        desk("The surface error of the lens was 0.9 micrometres."),
    )
    jobs.run(jobs.add(making.KIND, asked).id, working(services))
    (row,) = Table.from_json(jobs.result(jobs.all()[0].id) or {}).rows
    assert row.cells[0].text == "not stated"


def test_a_broken_off_table_goes_on_without_asking_again(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    id_ = jobs.add(making.KIND, ASKED).id
    first = desk(*REPLIES[:2], ModelUnavailable("It is gone"))
    with pytest.raises(ModelUnavailable):
        jobs.run(id_, working(first))
    second = desk(*REPLIES[2:])
    assert jobs.run(id_, working(second)).status == "done"
    assert len(prompts(second)) == 2
    whole = FolderJobs(tmp_path / "whole")
    job = whole.run(whole.add(making.KIND, ASKED).id, working(desk(*REPLIES)))
    assert jobs.result(id_) == whole.result(job.id)


def test_papers_come_from_a_query_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    asked = making.arguments("diet", [], "lunar tide of a garden pond", 1)
    job = jobs.run(jobs.add(making.KIND, asked).id, working(desk(*["NOT STATED"] * 3)))
    assert Table.from_json(jobs.result(job.id) or {}).papers[0].title == PONDS.title
    unknown = making.arguments("diet", ["local/0123", PONDS.arxiv_id])
    job = jobs.run(jobs.add(making.KIND, unknown).id, working(desk("NOT STATED")))
    assert "local/0123" in Table.from_json(jobs.result(job.id) or {}).notices[0]


def test_what_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="needs papers"):
        making.arguments("diet", [])
    jobs = FolderJobs(tmp_path)
    with pytest.raises(AgentError, match="reader model"):
        jobs.run(jobs.add(making.KIND, ASKED).id, working(desk(no_model=True)))


def test_what_an_abstract_tells_is_asked_of_the_abstract() -> None:
    (result,) = columns_of("main result")
    cell = making.cell_of(LIGHTHOUSE, result, desk(REPLIES[0]))
    assert (cell.read, cell.value) == ("abstract", REPLIES[0])


def test_the_address_of_the_code_is_read_without_the_model() -> None:
    told = "We count owls in many gardens. Our code is at https://github.com/owl/nest."
    paper = replace(LIGHTHOUSE, abstract=told)
    services = desk()
    (asked,) = columns_of("code available")
    cell = making.cell_of(paper, asked, services)
    assert cell.value == "https://github.com/owl/nest"
    assert [citation.quote for citation in cell.citations] == [
        "Our code is at https://github.com/owl/nest."
    ]
    assert making.cell_of(LIGHTHOUSE, asked, services).text == "not stated"
    assert prompts(services) == []


def test_where_code_reads_no_data_set_the_model_is_asked() -> None:
    told = "We made observations of 40 owls in two barns, by night and by day."
    services = desk("The paper makes observations of 40 owls.")
    (asked,) = columns_of("data set")
    cell = making.cell_of(replace(LIGHTHOUSE, abstract=told), asked, services)
    assert len(prompts(services)) == 1
    assert cell.value == "The paper makes observations of 40 owls."
