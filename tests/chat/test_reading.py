import json
import re

import pytest

from cutroom.chat.reading import Unreadable, read, values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("{a: 1, 'b': True, c: None}", {"a": 1, "b": True, "c": None}),
        ("[1, 2.5, -3e2, .5,]", [1, 2.5, -300.0, 0.5]),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ('{"a": “curly”}', {"a": "curly"}),
        (r"{'a': 'it\'s \u00e9 \n'}", {"a": "it's é \n"}),
        ('{"a": 1 /* one */, # two\n "b": 2}', {"a": 1, "b": 2}),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        (r"{'a': '\ud83e\ude81'}", {"a": "🪁"}),
    ],
)
def test_what_models_take_for_json_is_read(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1', "breaks off"),
        ('{"a": "half', "breaks off"),
        ('{"a": Infinity}', "Infinity is no number"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": [1, ...]}', "a value is expected at '...]"),
        ('{"a" 1}', "a colon is missing after 'a'"),
        ("[1}", "']' is expected"),
        ("[" * 100, "nested more than"),
        ('{"a": ' + "9" * 5000 + "}", "a value is expected"),
    ],
)
def test_what_cannot_be_read_says_where(text, says):
    with pytest.raises(Unreadable, match=re.escape(says)):
        read(text)


def test_values_come_the_likeliest_first():
    text = 'I thought of {"a": 1}.\n```json\n{"a": 2}\n```\nOr [3].'
    assert list(values(text)) == [{"a": 2}, {"a": 1}, {"a": 2}, [3]]


def test_text_without_any_says_so():
    with pytest.raises(Unreadable, match="no JSON object"):
        list(values("I would rather sing."))
    with pytest.raises(Unreadable, match="empty"):
        list(values("<think>hm</think> "))


def test_a_long_text_of_brackets_does_not_take_long():
    with pytest.raises(Unreadable):
        list(values("[{" * 20_000))
    assert next(values("x" * 100_000 + json.dumps({"a": 1}))) == {"a": 1}
