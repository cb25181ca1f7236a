"""How xdist shares out the tests: a file's tests, and those that import PyTorch, go to one process."""

from types import SimpleNamespace

from tests.conftest import Rooms

COLLECTED = [
    *(f"tests/finetune/data/test_a.py::test_{number}" for number in range(4)),
    *(f"tests/ui/test_b.py::test_{number}[x::y]" for number in range(5)),
    *(f"tests/finetune/train/test_c.py::test_{number}" for number in range(4)),
]


class Process:
    """A process of xdist that notes which tests it is given."""

    gateway = SimpleNamespace(id="one")
    shutting_down = False

    def __init__(self) -> None:
        self.given: list[str] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += [COLLECTED[index].split("/")[1] for index in indices]

    def shutdown(self) -> None: ...


def test_files_and_rooms_are_shared_out_whole() -> None:
    options = {"tx": ["2*popen"], "loadscopereorder": True}
    rooms = Rooms(SimpleNamespace(getvalue=options.get, option=SimpleNamespace(**options)))
    processes = [Process(), Process()]
    for process in processes:
        rooms.add_node(process)
        rooms.add_node_collection(process, COLLECTED)
    rooms.schedule()
    assert sorted(sorted(set(process.given)) for process in processes) == [["finetune"], ["ui"]]
    assert sum(len(process.given) for process in processes) == len(COLLECTED)
