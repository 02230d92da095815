import json

import pytest
from pydantic import BaseModel

from cutroom.chat.heard import Usage
from cutroom.chat.ladder import Rung, Turn
from cutroom.chat.messages import Message, Picture, Quoted, Words, assistant, system, user
from cutroom.chat.shape import schema_of
from cutroom.chat.wire import Hearing, Manner, about_rung, body, check_options, error_in, quirk_in, reply_of
from cutroom.errors import WrongUse


class Mood(BaseModel):
    mood: str


SAID = (system("You pick."), user("Pick.", Quoted("grey", "sea.txt"), Picture.data(b"p"), "Now."), assistant("Hm."))
MANNER = Manner("m", 50, {"temperature": 0.5, "seed": 7, "max_tokens": 9})


def built(rung=Rung.TEXT, **changes):
    from dataclasses import replace

    turn = Turn(rung, SAID, None if rung is Rung.TEXT else schema_of(Mood))
    return body(turn, replace(MANNER, **changes), lambda _: [{"type": "image_url", "image_url": {"url": "data:,"}}])


def test_words_alone_are_a_string_and_with_pictures_a_list():
    first, second, third = built()["messages"]
    assert (first["content"], third["content"]) == ("You pick.", "Hm.")
    kinds = [part["type"] for part in second["content"]]
    assert kinds == ["text", "image_url", "text"]
    assert second["content"][0]["text"].startswith("Pick.\n\n[data ")


def test_each_rung_asks_in_its_own_way_and_in_no_other():
    tool, schema, plain = built(Rung.TOOL), built(Rung.SCHEMA), built(Rung.PLAIN)
    assert tool["tool_choice"]["function"]["name"] == tool["tools"][0]["function"]["name"] == "submit"
    assert schema["response_format"]["json_schema"]["schema"]["required"] == ["mood"]
    assert "response_format" not in tool
    assert "tools" not in schema
    assert not {"tools", "response_format"} & set(plain)


def test_settings_go_along_and_the_limit_is_ours():
    assert {name: built()[name] for name in ("temperature", "seed", "max_tokens")} == {
        "temperature": 0.5,
        "seed": 7,
        "max_tokens": 50,
    }
    with pytest.raises(WrongUse, match="messages, tools"):
        check_options({"tools": [], "messages": [], "top_p": 1})


def test_what_a_server_wants_otherwise_is_sent_otherwise():
    quirks = frozenset({"max_completion_tokens", "no_temperature", "no_seed", "no_stream_options", "no_system"})
    sent = built(stream=True, quirks=quirks)
    assert sent["max_completion_tokens"] == 50
    assert not {"max_tokens", "temperature", "seed", "stream_options"} & set(sent)
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant"]
    assert sent["messages"][0]["content"][0]["text"].startswith("You pick.\n\nPick.")
    assert "stream" not in built(stream=True, quirks=frozenset({"no_stream"}))


@pytest.mark.parametrize(
    ("says", "quirk"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
         "max_completion_tokens"),
        ("Unsupported value: 'temperature' does not support 0.2 with this model.", "no_temperature"),
        ("Unknown field: stream_options", "no_stream_options"),
        ("body.seed: Extra inputs are not permitted", "no_seed"),
        ("System role not supported", "no_system"),
        ("streaming is not supported with tools", "no_stream"),
        ("m does not support tools", None),
        ("This model's maximum context length is 2048 tokens", None),
    ],
)  # fmt: skip
def test_servers_own_words_say_what_they_want(says, quirk):
    assert quirk_in(says, frozenset()) == quirk
    if quirk:
        assert quirk_in(says, frozenset((quirk,))) != quirk


def test_vague_refusals_may_be_about_the_rung_and_clear_ones_of_other_statuses_too():
    assert about_rung(400, "Bad Request")
    assert about_rung(500, "tools param requires --jinja flag")
    assert about_rung(404, "No endpoints found that support tool use")
    assert not about_rung(404, "model not found")
    assert not about_rung(500, "CUDA out of memory")


def test_a_result_of_a_tool_names_its_call():
    made = Message("assistant", (Words(""),), calls=(("c1", "look", "{}"),))
    result = Message("tool", (Words("a kite"),), call="c1")
    sent = body(Turn(Rung.TEXT, (made, result)), MANNER, lambda _: [])["messages"]
    assert sent[0]["tool_calls"][0] == {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    assert sent[1] == {"role": "tool", "content": "a kite", "tool_call_id": "c1"}


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"choices": None}, {"choices": [None]}, {"choices": [{}]},
                                    {"choices": [{"message": None}]}, {"choices": [{"message": {"content": 5}}]},
                                    {"choices": [{"message": {"tool_calls": [None, {"function": None}]}}]}])  # fmt: skip
def test_an_answer_that_holds_nothing_is_an_empty_reply(answer):
    reply = reply_of(answer, most_chars=100)
    assert (reply.said, reply.calls, reply.usage) == ("", (), None)


def test_usage_is_taken_as_far_as_it_is_said():
    assert reply_of({"usage": {"prompt_tokens": 3, "completion_tokens": None}}, most_chars=9).usage == Usage(
        tokens_in=3
    )
    assert reply_of({"usage": {"prompt_tokens": "many"}}, most_chars=9).usage is None
    assert reply_of({"usage": {"prompt_tokens": -3, "completion_tokens": 2}}, most_chars=9).usage == Usage(tokens_out=2)


def test_a_streamed_call_is_put_together():
    hearing = Hearing(most_chars=1000)
    for call in (
        {"index": 0, "id": "c", "function": {"name": "submit", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"mood": '}},
        {"index": 1, "function": {"name": "other", "arguments": "{}"}},
        {"index": 0, "function": {"arguments": '"calm"}'}},
    ):
        hearing.take({"choices": [{"delta": {"tool_calls": [call]}}]})
    calls = hearing.reply(whole=True).calls
    assert [(call.name, call.arguments) for call in calls] == [("submit", '{"mood": "calm"}'), ("other", "{}")]


def test_white_space_counts_only_when_it_does_not_end():
    hearing = Hearing(most_chars=10**6)
    for piece in ("{", " " * 300, '"a": 1', "\n" * 300, "}"):
        hearing.take({"choices": [{"delta": {"content": piece}}]})
    assert hearing.stopped == ""
    hearing.take({"choices": [{"delta": {"content": " " * 400}}]})
    assert hearing.stopped == "whitespace"


def test_a_list_of_like_things_is_no_circle():
    text = json.dumps([{"at": number, "words": f"line {number}"} for number in range(200)])
    hearing = Hearing(most_chars=10**6)
    for at in range(0, len(text), 7):
        hearing.take({"choices": [{"delta": {"content": text[at : at + 7]}}]})
    assert hearing.stopped == ""


def test_an_error_may_come_with_success():
    assert error_in({"error": {"message": "overloaded", "code": 503}}) == (503, "overloaded")
    assert error_in({"error": "boom"}) == (500, "boom")
    assert error_in({"error": None, "choices": [{}]}) is None
    assert error_in([1]) is None
