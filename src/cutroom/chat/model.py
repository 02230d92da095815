"""The seam: `ChatModel`, and the one that speaks to any server with an OpenAI-shaped ``/chat/completions``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from pydantic import BaseModel

from cutroom.chat.exchanges import Exchange, Exchanges, Taken, digest
from cutroom.chat.heard import Heard, Reply, Usage
from cutroom.chat.ladder import TRIES, Flow, Rung, Settled, Turn, converse
from cutroom.chat.messages import Clip, Message, Picture, Quoted, Words
from cutroom.chat.rates import Rates
from cutroom.chat.serving import Hear, Served, Server
from cutroom.chat.shape import schema_of
from cutroom.chat.wire import words_of
from cutroom.configuration import Model
from cutroom.errors import Ambiguous, CutroomError, GiveUp, TryLater
from cutroom.money import Price

if TYPE_CHECKING:
    from cutroom.net.client import Client

A = TypeVar("A", bound=BaseModel)

MOST_TOKENS = 2000
"""What one turn may say when nobody says otherwise."""
MOST_TRIES = 5
"""How often a turn is sent when the server cannot just now and the caller lets us wait."""

_LONGEST_WAIT = 60.0
_TOKENS_A_PICTURE = 2000


@dataclass(frozen=True)
class Answer(Generic[A]):
    """What a model answered, and what it took."""

    value: A | None
    """The object that was asked for; None when text was."""
    text: str
    """What the model said."""
    usage: Usage
    """All turns together, as far as the server says."""
    price: Price
    """What all turns cost when they were made; unknown when nobody said what tokens cost."""
    rung: Rung
    """How the answer was had."""
    tries: int
    """How many turns the model answered."""
    key: str
    """Under which the exchange is kept."""
    replayed: bool = False
    """True when nothing was sent: all of it was kept from before."""

    @property
    def object(self) -> A:
        """`value`, where an object was asked for."""
        if self.value is None:
            raise TypeError("this answer is text: no object was asked for")
        return self.value


class ChatModel(Protocol):
    """A model that is spoken to."""

    @property
    def name(self) -> str:
        """The person's own name for it."""
        ...

    @overload
    def ask(
        self,
        messages: Sequence[Message],
        answer: type[A],
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
    ) -> Answer[A]: ...

    @overload
    def ask(
        self,
        messages: Sequence[Message],
        answer: None = None,
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
    ) -> Answer[BaseModel]: ...

    def ask(
        self,
        messages: Sequence[Message],
        answer: Any = None,
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
    ) -> Answer[Any]:
        """Says `messages` and returns the `answer`, or text when that is None.

        Args:
            messages: System, user, assistant and tool messages. What files or models said goes into `Quoted`.
            answer: The model of the object that is wanted: small, one decision.
            exchanges: Where every turn is found again, and kept.
            sample: Another number is another answer to the same question.
            most_tokens: The most that one turn may say, thoughts included.

        Returns:
            The answer, with its usage and price.

        Raises:
            GiveUp: The model refuses, or gives no valid answer on any rung.
            TryLater: The server cannot just now.
            Ambiguous: A paid call was sent and no answer came.
            Unavailable: A key, a model or a sense is missing.
        """
        ...


class ServedModel:
    """A `ChatModel` behind an OpenAI-shaped endpoint. Safe to share between threads."""

    def __init__(self, client: Client, served: Served) -> None:
        """Speaks to `served` through `client`. Raises WrongUse for options that are none."""
        self.served = served
        self._server = Server(client, served)

    @classmethod
    def configured(cls, name: str, model: Model, client: Client) -> ServedModel:
        """The chat model of ``[models.NAME]``; on this machine it is free unless it has a price.

        Options are those of the table ``options.chat`` where there is one, else all. Raises WrongUse for a price or for
        options that are none.
        """
        local = "free" if client.endpoint.local else None
        own = model.options.get("chat")
        served = Served(
            name=name,
            model=model.chat or "",
            rates=Rates.read(model.price.get("chat", local)),
            pictures=model.see,
            clips=model.watch,
            sounds=model.hear,
            options=own if isinstance(own, Mapping) else model.options,
        )
        return cls(client, served)

    @property
    def name(self) -> str:
        """The person's own name for it."""
        return self.served.name

    @overload
    def ask(
        self,
        messages: Sequence[Message],
        answer: type[A],
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
        hear: Hear | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> Answer[A]: ...

    @overload
    def ask(
        self,
        messages: Sequence[Message],
        answer: None = None,
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
        hear: Hear | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> Answer[BaseModel]: ...

    def ask(
        self,
        messages: Sequence[Message],
        answer: Any = None,
        *,
        exchanges: Exchanges,
        sample: int = 0,
        most_tokens: int = MOST_TOKENS,
        hear: Hear | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> Answer[Any]:
        """See `ChatModel.ask`.

        Besides: `hear` is called with text as it comes, and on replay with what came. With `pause`, a server that cannot
        just now is asked again, up to `MOST_TRIES` times, after waiting as long as it says (at most a minute).
        """
        self._server.check_senses(messages)
        request = self.request(messages, answer, sample=sample, most_tokens=most_tokens)
        key = digest(request)
        begun = exchanges.find(key) or Exchange(
            request=request, server=self._server.where, skipped=tuple(sorted(self._server.fruitless))
        )

        def send(turn: Turn) -> Heard:
            return _patiently(lambda: self._server.turn(turn, sample=sample, most_tokens=most_tokens, hear=hear), pause)

        book = _Book(exchanges, key, begun, paid=self._server.paid)
        rungs = [rung for rung in self.served.rungs if rung.value not in begun.skipped]
        settled = self._settled(converse(messages, answer, rungs=rungs), book, send, hear)
        self._server.remember(settled.fruitless)
        return Answer(
            value=settled.value,
            text=settled.text,
            usage=settled.usage,
            price=self._price(book.replies, messages, most_tokens),
            rung=settled.rung,
            tries=settled.tries,
            key=key,
            replayed=not book.made,
        )

    def request(
        self, messages: Sequence[Message], answer: type[BaseModel] | None, *, sample: int, most_tokens: int
    ) -> dict[str, Any]:
        """What is asked, as JSON that has a digest in place of each medium. Its own digest is the exchange's key."""
        return {
            "version": 1,
            "name": self.name,
            "model": self.served.model,
            "messages": [message.canonical() for message in messages],
            "answer": schema_of(answer) if answer is not None else None,
            "options": dict(self.served.options),
            "clips": self.served.clips,
            "rungs": [rung.value for rung in self.served.rungs],
            "sample": sample,
            "most_tokens": most_tokens,
        }

    def estimate(self, messages: Sequence[Message], *, most_tokens: int = MOST_TOKENS) -> Price:
        """What an answer may cost: from one short turn to every turn of the ladder at its longest."""
        least = Usage(tokens_in=_bytes(messages) // 5, tokens_out=1)
        turns = TRIES * len(self.served.rungs)
        most = Usage(tokens_in=turns * (_bytes(messages) // 2 + most_tokens), tokens_out=turns * most_tokens)
        return self.served.rates.between(least, most)

    def _settled(self, flow: Flow, book: _Book, send: Callable[[Turn], Heard], hear: Hear | None) -> Settled:
        try:
            turn = next(flow)
            while True:
                heard = book.found(turn)
                if heard is None:
                    heard = book.sent(turn, send)
                elif hear is not None and isinstance(heard, Reply) and heard.text:
                    hear(heard.text)
                turn = flow.send(heard)
        except StopIteration as end:
            return end.value
        except GiveUp as error:
            raise GiveUp(f"{self.name}: {error}", billed=error.billed if self._server.paid else False) from error

    def _price(self, replies: Sequence[Reply], messages: Sequence[Message], most_tokens: int) -> Price:
        """Exact where the server counts, a range where it does not (a stream that we left), unknown without rates."""
        most_in = _bytes(messages) + len(replies) * most_tokens
        low, high = Usage(), Usage()
        for reply in replies:
            low += reply.usage or Usage()
            high += reply.usage or Usage(tokens_in=most_in, tokens_out=most_tokens)
        return self.served.rates.between(low, high)


class _Book:
    """The exchange that is being written: finds turns that were made, and keeps each that is."""

    def __init__(self, exchanges: Exchanges, key: str, exchange: Exchange, *, paid: bool) -> None:
        self._exchanges = exchanges
        self._key = key
        self._exchange = exchange
        self._paid = paid
        self._at = 0
        self.made = 0
        """How many turns were sent this time."""

    @property
    def replies(self) -> list[Reply]:
        """What the model said so far."""
        return [taken.heard for taken in self._exchange.turns if isinstance(taken.heard, Reply)]

    def found(self, turn: Turn) -> Heard | None:
        """What came when this turn was made before."""
        turns = self._exchange.turns
        if self._at < len(turns) and turns[self._at].rung == turn.rung:
            self._at += 1
            return turns[self._at - 1].heard
        return None

    def sent(self, turn: Turn, send: Callable[[Turn], Heard]) -> Heard:
        """Sends `turn` and keeps what comes. What was kept of this place and later no longer fits, and goes."""
        kept = self._exchange.turns[: self._at]
        self._exchanges.sent(self._key, turn=self._at, paid=self._paid)
        try:
            heard = send(turn)
        except Ambiguous:
            raise  # the mark stays: it may have been carried out
        except CutroomError:
            if self._paid:
                self._exchanges.keep(self._key, self._exchange.model_copy(update={"turns": kept}), paid=True)
            raise
        taken = Taken(rung=turn.rung.value, heard=heard)
        self._exchange = self._exchange.model_copy(update={"turns": (*kept, taken)})
        self._exchanges.keep(self._key, self._exchange, paid=self._paid)
        self._at += 1
        self.made += 1
        return heard


def _patiently(call: Callable[[], Heard], pause: Callable[[float], None] | None) -> Heard:
    for number in range(MOST_TRIES):
        try:
            return call()
        except TryLater as error:
            wait = error.after if error.after is not None else 2.0**number
            if pause is None or wait > _LONGEST_WAIT or number == MOST_TRIES - 1:
                raise
            pause(wait)
    raise AssertionError("unreachable: the last try returns or raises")


def _bytes(messages: Sequence[Message]) -> int:
    """The bytes of all text, which no tokenizer turns into more tokens, and a generous guess for each picture."""
    size = 0
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, Words | Quoted):
            size += len(words_of(part).encode())
        else:
            size += _TOKENS_A_PICTURE * (
                part.frames if isinstance(part, Clip) else 1 if isinstance(part, Picture) else 4
            )
    return size
