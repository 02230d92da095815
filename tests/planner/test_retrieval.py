"""Which texts fit a question: the words that few others have count most."""

from cutroom.plan.registry import step_classes
from cutroom.planner.retrieval import Index
from cutroom.planner.shots import _documentation

TEXTS = {
    "kite": "a red kite over a grey sea",
    "sea": "the sea, the sea, and nothing but the sea in all its greys, for a very long time indeed",
    "cat": "a cat asleep",
}


def test_a_rare_word_counts_more_than_a_common_one():
    assert Index(TEXTS).best("a kite", 1) == ["kite"]


def test_a_long_text_does_not_win_by_its_length():
    scores = Index(TEXTS).scores("grey sea")
    assert scores["kite"] > scores["sea"] > scores["cat"] == 0


def test_endings_do_not_matter():
    assert Index({"one": "animate stills", "two": "speak lines"}).best("animating a still", 1) == ["one"]


def test_of_equals_the_earlier_comes_first():
    assert Index({"b": "same", "a": "same"}).best("same", 2) == ["b", "a"]
    assert Index({}).best("anything", 3) == []


def test_the_catalogue_is_searched_by_what_its_steps_say():
    index = Index({kind: _documentation(step) for kind, step in step_classes().items()})
    assert index.best("rain on a street", 1) == ["generate_sound"]
    assert index.best("bring a still picture to life: what moves, the camera", 1) == ["animate_still"]
    assert index.best("change the picture as words say", 2)[0] in ("edit_picture", "edit_clip")
