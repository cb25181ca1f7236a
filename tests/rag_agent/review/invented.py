"""Invented papers on the sound of dough, two of which disagree."""

from ingestion.paper import Paper


def paper(number: int, title: str, abstract: str, *authors: str) -> Paper:
    return Paper(f"2711.1{number:04}", title, abstract, authors, ("eess.AS",), 2027, 11, 1)


RISE = paper(
    1,
    "Bubble bursts predict the rise of sourdough",
    "Bakers judge dough by eye. We show that the rate of bubble bursts predicts the rise of a sourdough loaf. "
    "The rate of bubble bursts increases with the temperature of the dough.",
    "Ada Example",
    "Bo Sample",
)
FALL = paper(
    2,
    "Bubble bursts and temperature of sourdough",
    "Temperature matters to bakers. We find that the rate of bubble bursts decreases with the temperature of dough. "
    "In 40 jars the rate of bubble bursts was lowest at 30 degrees.",
    "Cleo Muster",
)
LENS = paper(
    3,
    "Lighthouse lenses by phase retrieval",
    "Old lenses have chips. We recover the surface of lighthouse lenses from three photographs by phase retrieval. "
    "The surface error of the lens was 0.8 micrometres.",
    "Dara Probe",
    "Eli Probe",
    "Fay Probe",
)
PAPERS = (RISE, FALL, LENS)
TOPIC = "Sound of sourdough and lighthouse lenses"
