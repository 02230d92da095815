"""Real servers with tiny models that the tests make: `transformers serve`, and llama.cpp's server where it is installed.

The chat model is trained for some seconds to answer anything with one JSON object, so that a structured answer has to
come through a server that ignores tools and schemas. The one that sees pictures is untrained: what it says is noise.
"""

import contextlib
import importlib.util
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from pydantic import BaseModel

from cutroom.chat.exchanges import ReplayOnly, StoreExchanges, Unkept
from cutroom.chat.ladder import Rung
from cutroom.chat.messages import Clip, Picture, system, user
from cutroom.chat.model import ServedModel
from cutroom.chat.serving import Served
from cutroom.errors import GiveUp
from cutroom.net.client import Client, Endpoint

PIECES = ('{"title": ', '"Kite", ', '"mood": ', '"calm"}')
"""Each a token of its own, so that a model of some layers learns them in seconds."""
SAYS = "".join(PIECES)
COMMAND = Path(sys.executable).with_name("transformers")
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}"
    "{% endif %}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
)

pytestmark = pytest.mark.slow

# torch and its friends warn of themselves; none of that is ours to mend.
needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None
    or importlib.util.find_spec("torch") is None
    or not COMMAND.exists(),
    reason="transformers[serving] is not installed",
)


class Title(BaseModel):
    title: str
    mood: str


def tokenizer():
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    signs = ["<pad>", "<s>", "</s>", "<image>"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        ["kite"], trainers.BpeTrainer(vocab_size=300, special_tokens=signs, initial_alphabet=letters)
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    fast.add_tokens([AddedToken(piece, normalized=False, special=False) for piece in PIECES])
    fast.chat_template = TEMPLATE
    return fast


def make_chat_model(folder: Path) -> None:
    """A Llama of 0.1 M parameters that says `SAYS`, whatever it is asked."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(0)
    chance, words = random.Random(0), tokenizer()
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        )
    )  # fmt: skip
    opening = words.encode("assistant:", add_special_tokens=False)
    answer = [*words.encode(SAYS, add_special_tokens=False), 2]
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        length = chance.randint(5, 120)
        rows = [[chance.randrange(4, len(words)) for _ in range(length)] + opening + answer for _ in range(4)]
        ids = torch.tensor(rows)
        labels = ids.clone()
        labels[:, : length + len(opening)] = -100
        loss = model(input_ids=ids, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1
    model.generation_config.do_sample = False
    model.save_pretrained(folder)
    words.save_pretrained(folder)


def make_seeing_model(folder: Path) -> None:
    """A LLaVA of 0.1 M parameters, untrained."""
    import torch
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    torch.manual_seed(0)
    words = tokenizer()
    sight = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    speech = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=sight, text_config=speech, image_token_index=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )  # fmt: skip
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}),
        tokenizer=words,
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
        num_additional_image_tokens=1,
    )
    processor.save_pretrained(folder)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, path: str = "/health", **environment: str):
    """A server, from its start until the block is left."""
    with log.open("wb") as said:
        server = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}
        )
        try:
            for _ in range(600):
                if server.poll() is not None:
                    break
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                    yield f"http://127.0.0.1:{port}/v1"
                    return
                time.sleep(0.1)
            pytest.fail(f"the server did not come up: {log.read_text()[-2000:]}")
        finally:
            server.terminate()
            server.wait(20)


@contextlib.contextmanager
def transformers_serve(folder: Path, place: Path):
    (place / "hub").mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [str(COMMAND), "serve", str(folder), "--port", str(port), "--device", "cpu"]
    home = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(place), "HF_HUB_CACHE": str(place / "hub")}
    with running(command, port, place / "log.txt", **home) as url:
        yield url


@needs_transformers
@pytest.mark.filterwarnings("ignore")
def test_a_server_that_ignores_tools_and_schemas_still_gives_an_object(tmp_path, store):
    folder = tmp_path / "chat"
    make_chat_model(folder)
    with transformers_serve(folder, tmp_path / "home") as url, Client(Endpoint(url)) as client:
        model = ServedModel(client, Served(name="tiny", model=str(folder)))
        exchanges = StoreExchanges(store)
        heard = []
        text = model.ask([user("What do you see?")], exchanges=exchanges, most_tokens=60, hear=heard.append)
        assert text.text == "".join(heard) == SAYS
        assert text.usage.tokens_out >= len(PIECES)
        ask = [system("You name films."), user("A film of a kite.")]
        answer = model.ask(ask, Title, exchanges=exchanges, most_tokens=60)
        assert answer.value == Title(title="Kite", mood="calm")
        other = model.ask([user("Another.")], Title, exchanges=exchanges, most_tokens=60)
        assert other.rung is not Rung.TOOL, "it is remembered that calls come as talk"
    assert model.ask(ask, Title, exchanges=ReplayOnly(exchanges), most_tokens=60).value == answer.value


@needs_transformers
@pytest.mark.filterwarnings("ignore")
def test_a_server_that_sees_takes_pictures_and_frames(tmp_path, store, make_picture, make_clip):
    folder = tmp_path / "sees"
    make_seeing_model(folder)
    with transformers_serve(folder, tmp_path / "home") as url, Client(Endpoint(url)) as client:
        model = ServedModel(client, Served(name="eyes", model=str(folder), pictures=True))
        picture = Picture.data(make_picture().read_bytes(), longest=64)
        with contextlib.suppress(
            GiveUp
        ):  # untrained, it may say nothing but white space; what counts is that it looked
            model.ask([user("What is this?", picture)], exchanges=Unkept(), most_tokens=8)
        kept = StoreExchanges(store)
        clip = Clip("0" * 64, make_clip(), frames=3, longest=64)
        with contextlib.suppress(GiveUp):
            model.ask([user("And this?", clip)], exchanges=kept, most_tokens=8)
        exchange = json.loads(next(kept.root.rglob("*.json")).read_text())["exchange"]
        assert exchange["turns"][0]["heard"]["usage"]["tokens_in"] > 3 * 16, "three frames of 16 patches each"


@pytest.mark.skipif(
    shutil.which("llama-server") is None or not os.environ.get("CUTROOM_TEST_GGUF"),
    reason="llama-server is not installed, or CUTROOM_TEST_GGUF names no model file",
)
def test_llama_cpp_answers_by_schema(tmp_path):
    port = free_port()
    command = ["llama-server", "-m", os.environ["CUTROOM_TEST_GGUF"], "--port", str(port), "--host", "127.0.0.1"]
    with running(command, port, tmp_path / "log.txt") as url, Client(Endpoint(url)) as client:
        model = ServedModel(client, Served(name="llama", model="any"))
        answer = model.ask([user("Name a calm film about a kite.")], Title, exchanges=Unkept(), most_tokens=200)
        assert answer.object.title
