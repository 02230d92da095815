"""The loopback server, driven by the official client: what it accepts from us it accepts from others, and reads alike."""

import json

import pytest
from pydantic import BaseModel

from cutroom.chat.exchanges import Unkept
from cutroom.chat.messages import Picture, system, user
from cutroom.chat.model import ServedModel
from cutroom.chat.serving import Served
from cutroom.net.client import Client, Endpoint
from cutroom.testing.loopback.chat import MODEL, ChatServer, calls, fails, says, smallest

openai = pytest.importorskip("openai")


class Mood(BaseModel):
    mood: str


@pytest.fixture
def theirs():
    opened = []

    def client(server):
        opened.append(openai.OpenAI(base_url=server.url, api_key="k", max_retries=0))
        return opened[-1]

    yield client
    for one in opened:
        one.close()


def test_the_official_client_reads_words_streams_calls_and_objects(theirs):
    with ChatServer(says("a kite"), says("a red kite over a grey sea"), calls(("submit", {"mood": "calm"}))) as server:
        client = theirs(server)
        said = [{"role": "user", "content": "Hello."}]
        first = client.chat.completions.create(model="m", messages=said)
        assert (first.choices[0].message.content, first.choices[0].finish_reason) == ("a kite", "stop")
        assert first.usage.total_tokens > 0
        stream = client.chat.completions.create(
            model="m", messages=said, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == "a red kite over a grey sea"
        assert chunks[-1].usage.completion_tokens > 0
        tool = {"type": "function", "function": {"name": "submit", "parameters": Mood.model_json_schema()}}
        called = client.chat.completions.create(model="m", messages=said, tools=[tool]).choices[0].message.tool_calls[0]
        assert (called.function.name, json.loads(called.function.arguments)) == ("submit", {"mood": "calm"})
        parsed = client.chat.completions.parse(model="m", messages=said, response_format=Mood)
        assert parsed.choices[0].message.parsed == Mood(mood="bars and tone")
        assert [model.id for model in client.models.list()] == [MODEL]


def test_the_official_client_knows_its_failures(theirs):
    with ChatServer(fails(429, "slow down"), fails(400, "no"), fails(500, "oops"), key="other") as server:
        client = theirs(server)
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="m", messages=[])
        server.key = None
        for kind in (openai.RateLimitError, openai.BadRequestError, openai.InternalServerError):
            with pytest.raises(kind):
                client.chat.completions.create(model="m", messages=[])


def test_their_request_and_ours_are_read_alike(theirs, make_picture):
    picture = Picture.data(make_picture().read_bytes())
    with ChatServer(tools=False) as server, Client(Endpoint(server.url)) as client:
        ours = ServedModel(client, Served(name="studio", model="m", pictures=True, streams=False))
        ours.ask([system("Look."), user("What is it?", picture)], Mood, exchanges=Unkept(), most_tokens=50)
        ours.ask([user("Hello.")], exchanges=Unkept(), most_tokens=50)
        _, schema, words = server.bodies
        theirs(server).chat.completions.parse(
            model="m", messages=schema["messages"], response_format=Mood, max_tokens=50
        )
        theirs(server).chat.completions.create(model="m", messages=words["messages"], max_tokens=50)
        their_schema, their_words = server.bodies[3:]
        assert their_words == words
        mine, yours = (one.pop("response_format")["json_schema"] for one in (schema, their_schema))
        assert schema == {name: value for name, value in their_schema.items() if name != "stream"}
        assert mine["strict"] is yours["strict"] is True
        assert mine["schema"]["required"] == yours["schema"]["required"]
        assert mine["schema"]["additionalProperties"] is yours["schema"]["additionalProperties"] is False


def test_the_smallest_value_fits():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"enum": ["x"]}}, "b": {}},
        "required": ["a"],
    }
    assert smallest(schema) == {"a": ["x"]}
