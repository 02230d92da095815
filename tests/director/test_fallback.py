"""Who steps in when a performer cannot: only as the policy allows, at a stated price, and said in the end."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.decide import Limits, all_degraded, survey
from cutroom.engine.local import LocalEngine
from cutroom.errors import Ambiguous, BadInput, GiveUp, TryLater, Unavailable
from cutroom.ledger.events import Made, Opened, Planned, Recast
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Audio
from cutroom.money import Price
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.terms import Terms
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge

PLAN = Plan(steps={"script": WriteScript(request="hello")}, goal="script")
SCRIPT = "write_script"


class Somebody(Scribe):
    """A scribe with a name of its own, and terms."""

    def __init__(self, name, price="0", fails=None, **terms):
        super().__init__(price=price, fails={SCRIPT: fails} if fails else None)
        self.name = name
        self._terms = terms

    def terms(self, step):
        return replace(Terms(price=self.cost), **self._terms)


class Crew:
    def __init__(self, folder, *performers, plan=PLAN, answers=()):
        self.production = Production(folder / "toy.cutroom")
        self.performers = list(performers)
        self.plan = plan
        self.answers = list(answers)
        self.asked = []

    def run(self, **limits):
        self.limits = Limits(**limits)
        with self.production.journal() as journal:
            journal.append(Opened(brief=Brief(request="hello"), cutroom="test"))
            self.engine = LocalEngine(
                journal=journal,
                store=self.production.store,
                planner=ScriptedPlanner(self.plan),
                performers=self.performers,
                judge=StrictJudge(),
                limits=self.limits,
                watch=self,
                workers=2,
            )
            self.state, wrap = self.engine.run(fold(journal.events()))
            return wrap

    @property
    def degraded(self):
        return all_degraded(self.state, self.engine.cast, self.limits)

    def events(self, kind):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if isinstance(event, kind)]

    def happened(self, event, state):
        pass

    def progress(self, step, done, total):
        pass

    def ask(self, asked):
        self.asked.append(asked)
        return self.answers.pop(0) if self.answers else None


MODERATED = GiveUp("refused by the server's moderation")
NO_CREDIT = Unavailable("the account has no credit left")
AWAY = TryLater("cannot reach it", after=0.0)


@pytest.mark.parametrize("trouble", [MODERATED, NO_CREDIT, AWAY], ids=["moderation", "quota", "outage"])
def test_a_free_performer_steps_in_and_the_film_says_so(trouble, tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=trouble), Somebody("house/x"))
    wrap = crew.run()

    assert wrap.status == "finished"
    assert [made.performer for made in crew.events(Made)] == ["house/x"]
    (recast,) = crew.events(Recast)
    assert (recast.step, recast.was, recast.performer, recast.price.free) == ("script", "studio/x", "house/x", True)
    (degraded,) = crew.degraded
    assert degraded.what == "script"
    assert degraded.why == f"studio/x could not ({trouble}); house/x (free) did it instead"


def test_without_consent_nobody_steps_in(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=MODERATED), Somebody("house/x"))
    wrap = crew.run(fallback="never")
    assert wrap.status == "failed"
    assert wrap.reason == (
        "script: refused by the server's moderation; house/x could do it instead, price free: say --fallback free to go on with it"
    )
    assert crew.events(Recast) == []


def test_who_costs_something_does_not_step_in_for_free(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=NO_CREDIT), Somebody("other/x", price="0.10"))
    wrap = crew.run(fallback="free", budget=Decimal(5))
    assert wrap.status == "failed"
    assert "other/x could do it instead, price 0.10 USD: say --fallback any and --budget 0.10 or more" in wrap.reason
    assert crew.performers[1].performed == []


def test_any_means_the_first_for_whom_there_is_room_in_the_budget(tmp_path):
    crew = Crew(
        tmp_path,
        Somebody("studio/x", fails=NO_CREDIT),
        Somebody("dear/x", price="9"),
        Somebody("cheap/x", price="0.10"),
        Somebody("house/x"),
    )
    wrap = crew.run(fallback="any", budget=Decimal(1))
    assert wrap.status == "finished"
    assert [made.performer for made in crew.events(Made)] == ["cheap/x"]
    assert crew.state.paid() == Decimal("0.10")
    assert "cheap/x (0.10 USD) did it instead" in crew.degraded[0].why


def test_an_unknown_price_is_not_any_price(tmp_path):
    unknown = Somebody("other/x")
    unknown.cost = Price.unknown()
    crew = Crew(tmp_path, Somebody("studio/x", fails=NO_CREDIT), unknown)
    assert crew.run(fallback="any", budget=Decimal(1)).status == "failed"
    assert (
        Crew(tmp_path, Somebody("studio/x", fails=NO_CREDIT), unknown)
        .run(fallback="any", budget=Decimal(1), allow_unknown_price=True)
        .status
        == "finished"
    )


def test_a_person_is_asked_with_the_price_and_one_after_the_other(tmp_path):
    performers = (Somebody("studio/x", fails=MODERATED), Somebody("cheap/x", price="0.10"), Somebody("house/x"))
    crew = Crew(tmp_path, *performers, answers=["no", "yes"])
    wrap = crew.run(fallback="ask", budget=Decimal(1))
    assert wrap.status == "finished"
    assert [asked.question for asked in crew.asked] == ["fallback", "fallback"]
    assert crew.asked[0].says == (
        "script: refused by the server's moderation; cheap/x could do it instead, price 0.10 USD: go on with it?"
    )
    assert [made.performer for made in crew.events(Made)] == ["house/x"]


def test_nobody_there_to_answer_stops_in_good_order(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=MODERATED), Somebody("house/x"))
    wrap = crew.run(fallback="ask")
    assert (wrap.status, crew.events(Recast)) == ("stopped", [])
    assert wrap.reason.endswith("go on with it?; say --fallback free (or any) to let others step in")
    # Somebody is there the next time: the answer is asked for again, and holds.
    crew.answers = ["yes"]
    assert crew.run(fallback="ask").status == "finished"


def test_everybody_failing_is_said_with_the_last_reason(tmp_path):
    crew = Crew(
        tmp_path, Somebody("a/x", fails=AWAY), Somebody("b/x", fails=NO_CREDIT), Somebody("c/x", fails=MODERATED)
    )
    wrap = crew.run()
    assert wrap.status == "failed"
    assert wrap.reason == "script: refused by the server's moderation"
    assert [recast.performer for recast in crew.events(Recast)] == ["b/x", "c/x"]


def test_two_who_failed_are_both_named(tmp_path):
    crew = Crew(tmp_path, Somebody("a/x", fails=MODERATED), Somebody("b/x", fails=NO_CREDIT), Somebody("c/x"))
    assert crew.run().status == "finished"
    assert [degraded.why.partition(" could not")[0] for degraded in crew.degraded] == ["a/x", "b/x"]


def test_a_second_run_makes_nothing_and_asks_nobody(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=MODERATED), Somebody("house/x"))
    crew.run()
    before = len(crew.performers[0].performed), len(crew.performers[1].performed)
    assert crew.run().status == "finished"
    assert (len(crew.performers[0].performed), len(crew.performers[1].performed)) == before
    assert len(crew.degraded) == 1


def test_another_wish_asks_the_first_one_again(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=MODERATED), Somebody("house/x"))
    crew.run()
    crew.performers[0].fails.clear()
    crew.plan = Plan(steps={"script": WriteScript(request="something nicer")}, goal="script")
    with crew.production.journal() as journal:
        journal.append(Opened(brief=Brief(request="other"), cutroom="test"))
    assert crew.run().status == "finished"
    assert crew.events(Made)[-1].performer == "studio/x"
    assert crew.degraded == ()


def test_a_wrong_input_is_wrong_for_everybody(tmp_path):
    crew = Crew(tmp_path, Somebody("studio/x", fails=BadInput("a.jpg", "broken", "mend it")), Somebody("house/x"))
    assert crew.run().status == "failed"
    assert crew.performers[1].performed == []


def test_a_call_of_unknown_fate_is_decided_first(tmp_path):
    lost = Somebody("studio/x", price="1", fails=Ambiguous("no answer came"), elsewhere=True)
    crew = Crew(tmp_path, lost, Somebody("house/x"))
    wrap = crew.run(budget=Decimal(5))
    assert (wrap.status, crew.events(Recast)) == ("stopped", [])
    assert crew.asked[0].question == "ambiguous"
    assert crew.run(budget=Decimal(5), on_ambiguous="skip").status == "finished"
    assert crew.events(Made)[-1].performer == "house/x"


def test_a_performer_whom_the_plan_names_and_nobody_has_is_missed_aloud(tmp_path):
    crew = Crew(tmp_path, Somebody("house/x"), plan=PLAN.model_copy(update={"by": {"script": "studio"}}))
    assert crew.run(fallback="never").status == "failed"
    assert crew.run().status == "finished"
    assert crew.degraded[0].why == (
        "whoever was wanted could not (the plan wants studio for write_script (language 'en'), and there is no such "
        "model here that can); house/x (free) did it instead"
    )


def test_the_plan_may_name_the_second_in_line(tmp_path):
    crew = Crew(
        tmp_path, Somebody("house/x"), Somebody("studio/x"), plan=PLAN.model_copy(update={"by": {"script": "studio"}})
    )
    assert crew.run().status == "finished"
    assert [made.performer for made in crew.events(Made)] == ["studio/x"]
    assert crew.degraded == ()


def test_another_take_that_fails_costs_nothing_that_is_there(tmp_path):
    """A person asked the first performer for another take: nobody else may answer in its place."""
    from cutroom.ledger.events import Redone

    first = Somebody("studio/x")
    crew = Crew(tmp_path, first, Somebody("house/x"))
    crew.run()
    slot = survey(crew.state, crew.engine.cast, crew.limits).slots["script"]
    with crew.production.journal() as journal:
        journal.append(Redone(step="script", slot=slot, take=2))
    first.fails[SCRIPT] = MODERATED
    assert crew.run().status == "failed"
    assert crew.events(Recast) == []


class Voice(Somebody):
    """Writes lines down in place of speaking; `cannot` is a word that it does not say."""

    def __init__(self, name, price="0", cannot="", voices=None):
        super().__init__(name, price)
        self.cannot, self.voices = cannot, voices

    def performs(self, step):
        return isinstance(step, Speak) and (step.voice is None or step.voice in (self.voices or ()))

    def perform(self, step, desk):
        if self.cannot and self.cannot in step.text:
            raise MODERATED
        self.performed.append(step)
        blob = desk.store.add_bytes(f"{self.name}: {step.text}".encode(), ".wav")
        return Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=Fraction(1), rate=8000, channels=1)


def lines(*texts, **voices):
    steps = {f"line-{number}": Speak(text=text, voice=voices.get(f"v{number}")) for number, text in enumerate(texts, 1)}
    return Plan(steps=steps, waits_for=tuple(steps))


def spoken(crew) -> dict[str, str]:
    """Who speaks each line in the end."""
    standing = survey(crew.state, crew.engine.cast, crew.limits)
    keys = {made.key: made.performer for made in crew.events(Made)}
    return {step: keys[standing.keys[step]] for step in standing.keys}


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_a_film_keeps_one_narrator(bad, tmp_path):
    texts = [f"line {number}{' forbidden' if number == bad else ''}" for number in (1, 2, 3)]
    crew = Crew(tmp_path, Voice("dear/x", cannot="forbidden"), Voice("house/x"), plan=lines(*texts))
    crew.run(stop_after=None)
    assert spoken(crew) == dict.fromkeys(("line-1", "line-2", "line-3"), "house/x")
    (degraded,) = crew.degraded
    assert sorted(degraded.what.split(", ")) == ["line-1", "line-2", "line-3"]


def test_who_asks_to_step_in_for_several_lines_names_the_price_of_each(tmp_path):
    plan = lines("one", "forbidden", "three")
    crew = Crew(tmp_path, Voice("dear/x", cannot="forbidden"), Voice("cheap/x", price="0.10"), plan=plan)
    crew.run(fallback="ask", budget=Decimal(1))
    assert "cheap/x could do it instead, price 0.10 USD each, for 3 steps: go on with it?" in crew.asked[0].says
    wrap = crew.run(fallback="any", budget=Decimal("0.2"))
    assert "say --budget 0.30 or more to go on with it" in wrap.reason


def test_a_voice_that_was_named_stays(tmp_path):
    crew = Crew(
        tmp_path,
        Voice("dear/x", cannot="forbidden", voices=("alto",)),
        Voice("house/x"),
        plan=lines("one", "forbidden", v1="alto"),
    )
    crew.run()
    assert spoken(crew) == {"line-1": "dear/x", "line-2": "house/x"}


@pytest.mark.parametrize("policy", ["free", "never", "ask"])
def test_what_is_kept_up_to_date_says_the_same_as_what_is_made_afresh(policy, tmp_path):
    plan = lines("one", "forbidden", "three")
    plan = plan.model_copy(update={"steps": {**plan.steps, **PLAN.steps}, "waits_for": (*plan.waits_for, "script")})
    crew = Crew(
        tmp_path,
        Voice("dear/x", cannot="forbidden"),
        Voice("house/x"),
        Somebody("a/x", fails=MODERATED),
        Somebody("b/x", fails=NO_CREDIT),
        Somebody("c/x"),
        plan=plan,
        answers=["yes", "no", "yes"],
    )
    crew.run(fallback=policy)
    with crew.production.journal(read_only=True) as journal:
        events = list(journal.events())
    first = next(number for number, event in enumerate(events, 1) if isinstance(event, Planned))
    state = fold(events[:first])
    kept = survey(state, crew.engine.cast, crew.limits)
    for event in events[first:]:
        state = fold([event], state)
        if not kept.after(event, state):
            kept = survey(state, crew.engine.cast, crew.limits)
        afresh = survey(state, crew.engine.cast, crew.limits)
        assert kept.commands == afresh.commands, event
        assert (kept.keys, kept.parts, kept.recast) == (afresh.keys, afresh.parts, afresh.recast)
