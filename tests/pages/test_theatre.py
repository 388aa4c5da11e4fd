"""The theatre's page: library, stage, cast, settings, and what a colleague sees of a shared scene."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from streamlit.testing.v1 import AppTest

from engine.accounts.actor import Actor
from engine.conversations.assistant import Picks
from engine.providers.scripted import Scripted
from engine.studio import Studio
from engine.theatre.stage import Performance
from tests.engine.waiting import until

PAGE = "studio/theatre.py"
Tab = Callable[..., AppTest]


def button(at: AppTest, label: str) -> object:
    return next(each for each in at.button if each.label == label)


def labels(at: AppTest) -> set[str]:
    return {each.label for each in at.button if not each.disabled}


def words(at: AppTest) -> str:
    return "\n".join(each.value for each in [*at.title, *at.markdown, *at.caption, *at.warning, *at.subheader])


def opened(at: AppTest, name: str = "scene") -> str:
    """What the address names."""
    found = at.query_params[name]
    return found if isinstance(found, str) else found[0]


def dialog(tab: Tab, person: Actor, name: str, scene_id: UUID) -> AppTest:
    """A dialog on a page of its own: AppTest does not keep one open from run to run."""

    def draw(name: str, scene_id: str) -> None:
        from uuid import UUID

        from pages.ui import cast_panel, scene_settings, stage_controls
        from pages.ui.context import current_actor, get_studio

        found = get_studio().theatre.watch(current_actor(), UUID(scene_id))
        if name == "settings":
            scene_settings.scene_settings(found.scene)
        elif name == "cast":
            cast_panel.add_to_cast(found.scene.id)
        elif name == "fork":
            stage_controls.fork_from(found)
        else:
            stage_controls.delete_scene(found.scene)

    at = AppTest.from_function(draw, default_timeout=60, args=(name, str(scene_id)))
    at.session_state["session_id"] = tab(person).session_state["session_id"]
    return at.run()


def field(widgets: list, label: str) -> Any:
    return next(each for each in widgets if each.label == label)


def still(studio: Studio, actor: Actor, scene_id: UUID) -> Performance:
    until(lambda: (now := studio.theatre.watch(actor, scene_id)).scene.state != "playing" and now.speaking is None)
    return studio.theatre.watch(actor, scene_id)


def staged(studio: Studio, actor: Actor, **more: object) -> UUID:
    parts = [{"persona": "operations"}, {"persona": "writer"}]
    scene = {"title": "A $scene$ :red[x]", "strategy": "round_robin", "stop": {"turns": 2}, "cast": parts} | more
    return studio.scenes.create(actor, scene)


def test_a_template_is_begun_stepped_and_played_to_its_end(
    studio: Studio, noor: Actor, tab: Tab, local: Scripted
) -> None:
    at = tab(noor, PAGE)
    assert "Begin with" in words(at) and "Luxury hike" in words(at)
    at.button(key="template/briefing").click().run()
    assert not at.exception and at.title[0].value == "Monday briefing"
    scene_id = UUID(opened(at))
    assert {"Play", "Step", "Scene settings"} <= labels(at) and "Stop" not in labels(at)
    assert r"Expected before play: \$0.00" in words(at)
    button(at, "Step").click().run()
    assert still(studio, noor, scene_id).played == 1
    studio.scenes.change(noor, scene_id, {"stop": {"turns": 2}})
    at.run()
    button(at, "Play on").click().run()
    still(studio, noor, scene_id)
    at.run()
    assert not at.exception and "Ended:" in words(at) and "All 2 turns are played" in words(at)
    assert words(at).count("I am Ada.") == 2 and "pooled: has not spoken since you did" in words(at)
    assert {"Play five more turns", "Fork"} <= labels(at) and "Play on" not in labels(at)
    button(at, "Fork").click().run()
    assert at.title[0].value == "Fork of Monday briefing" and opened(at) != str(scene_id)


def test_the_cast_is_chosen_changed_and_called_on(studio: Studio, noor: Actor, tab: Tab) -> None:
    at = tab(noor, PAGE)
    button(at, "New scene").click().run()
    scene_id = UUID(opened(at))
    assert "The stage is empty" in words(at)
    assert "Choose a cast" in labels(at)
    adding = dialog(tab, noor, "cast", scene_id)
    adding.button(key="cast/pick/writer").click().run()
    adding.button(key="cast/pick/operations").click().run()
    assert not adding.exception and "Operations manager" in words(adding)
    at = tab(noor, PAGE, scene=str(scene_id))
    at.toggle(key=f"scene/{scene_id}/writer/mute").set_value(True).run()
    at.slider(key=f"scene/{scene_id}/operations/talkativeness").set_value(0.9).run()
    writer, operations = studio.scenes.get(noor, scene_id).spec.cast
    assert writer.mute and operations.talkativeness == 0.9 and not at.exception
    at.selectbox(key=f"scene/{scene_id}/next").select("writer").run()
    assert studio.scenes.get(noor, scene_id).forced == "writer"
    at.chat_input[0].set_value("Well, @Operations manager?").run()
    assert [turn.name for turn in still(studio, noor, scene_id).turns] == ["Host", "Writer"], (
        "the choice wins over the tag"
    )
    at.button(key=f"scene/{scene_id}/writer/remove").click().run()
    assert [member.id for member in studio.scenes.get(noor, scene_id).spec.cast] == ["operations"]


def test_settings_are_saved_together_and_a_mistake_is_said(studio: Studio, noor: Actor, tab: Tab) -> None:
    scene_id = staged(studio, noor)
    at = tab(noor, PAGE, scene=str(scene_id))
    button(at, "Scene settings").click().run()
    assert not at.exception and field(at.text_input, "Title").value == "A $scene$ :red[x]"
    at = dialog(tab, noor, "settings", scene_id)
    field(at.text_input, "Title").set_value("New title")
    field(at.number_input, "Turns").set_value(7)
    field(at.number_input, "Budget in USD").set_value(0.5)
    field(at.selectbox, "Who speaks next").select("pooled")
    field(at.multiselect, "Who may follow whom").select(("writer", "operations"))
    button(at, "Save settings").click().run()
    spec = studio.scenes.get(noor, scene_id).spec
    assert not at.exception and (spec.title, spec.stop.turns, spec.strategy) == ("New title", 7, "pooled")
    assert float(spec.stop.usd) == 0.5 and spec.transitions.pairs == (("writer", "operations"),) and len(spec.cast) == 2
    field(at.text_input, "Title").set_value(" ")
    button(at, "Save settings").click().run()
    assert any("title" in each.value for each in at.error) and studio.scenes.get(noor, scene_id).spec == spec


def test_a_colleague_sees_a_shared_scene_and_has_nothing_to_press_in_it(
    studio: Studio, noor: Actor, add_person: Callable[..., Actor], tab: Tab
) -> None:
    scene_id = staged(studio, noor)
    studio.theatre.play(noor, scene_id, watched=False)
    still(studio, noor, scene_id)
    rosa = add_person("rosa@example.org")
    hidden = tab(rosa, PAGE, scene=str(scene_id))
    assert "not there" in words(hidden) and "I am Ada." not in words(hidden)
    studio.scenes.share(noor, scene_id, shared=True)
    shelf = tab(rosa, PAGE)
    assert "By Noor Haddad" in words(shelf)
    shelf.button(key=f"open/{scene_id}").click().run()
    assert words(shelf).count("I am Ada.") == 2 and "Shared by Noor Haddad" in words(shelf)
    assert not {"Play", "Play on", "Step", "Stop", "Scene settings", "Share", "Add"} & labels(shelf)
    assert not shelf.chat_input and "Replay" in labels(shelf)


def test_a_replay_goes_line_by_line_and_asks_nobody(studio: Studio, noor: Actor, tab: Tab, local: Scripted) -> None:
    scene_id = staged(studio, noor, opening="Begin.")
    studio.theatre.play(noor, scene_id, watched=False)
    still(studio, noor, scene_id)
    calls = len(local.calls)
    at = tab(noor, PAGE, scene=str(scene_id), replay="1")
    assert "Line 1 of 3" in words(at) and "I am Ada." not in words(at)
    button(at, "Next line").click().run()
    assert "Line 2 of 3" in words(at) and words(at).count("I am Ada.") == 1
    button(at, "Next line").click().run()
    assert "Line 3 of 3" in words(at) and not at.exception
    button(at, "From the start").click().run()
    assert "Line 1 of 3" in words(at) and len(local.calls) == calls
    button(at, "Back to the stage").click().run()
    assert "Ended:" in words(at)


def test_a_thread_goes_on_stage_and_comes_back(studio: Studio, noor: Actor, tab: Tab) -> None:
    sent = studio.assistant.send(noor, "Who walks first?", Picks(persona="writer"))
    until(lambda: studio.threads.message(noor, sent.answer_id).state == "done")
    at = tab(noor, "studio/assistant.py", thread=str(sent.thread_id))
    button(at, "On stage").click().run()
    assert not at.exception and at.title[0].value == "Who walks first?"
    assert "answered in the thread" in words(at)
    at.button(key="stage/thread").click().run()
    assert (
        not at.exception
        and studio.theatre.watch(noor, studio.scenes.page(noor).scenes[0].id).scene.thread_id == sent.thread_id
    )


def test_a_persona_is_put_on_stage_from_the_catalogue(studio: Studio, noor: Actor, tab: Tab) -> None:
    scene_id = staged(studio, noor)
    at = tab(noor, PAGE, key="maestro")
    assert "on stage" in words(at)
    at.button(key=f"into/{scene_id}").click().run()
    assert [member.id for member in studio.scenes.get(noor, scene_id).spec.cast][-1] == "maestro"
    at = tab(noor, PAGE, key="maestro")
    button(at, "In a new scene").click().run()
    assert at.title[0].value == "New scene" and studio.scenes.page(noor).total == 2


def test_a_stop_of_ai_leaves_the_words_and_takes_the_buttons(studio: Studio, noor: Actor, tab: Tab) -> None:
    scene_id = staged(studio, noor, stop={"turns": 9})
    studio.theatre.step(noor, scene_id)
    still(studio, noor, scene_id)
    studio.controls.stop(Actor.operator(), "everything", "", reason="Lunch.")
    at = tab(noor, PAGE, scene=str(scene_id))
    assert "I am Ada." in words(at) and not {"Play on", "Step"} & labels(at)
    assert at.chat_input[0].disabled and "Lunch" in at.chat_input[0].placeholder
    studio.theatre.play(noor, scene_id)
    still(studio, noor, scene_id)
    at.run()
    assert "Paused:" in words(at) and not at.exception


def test_deleting_asks_and_can_be_undone(studio: Studio, noor: Actor, tab: Tab) -> None:
    scene_id = staged(studio, noor)
    asked = dialog(tab, noor, "delete", scene_id)
    assert "goes with all that was said in it" in words(asked)
    button(asked, ":red[Delete scene]").click().run()
    assert studio.scenes.page(noor).total == 0
    at = tab(noor)
    at.session_state["theatre/deleted"] = {scene_id: "A scene"}
    at.switch_page(PAGE).run()
    assert "is deleted" in words(at)
    at.button(key=f"undo/{scene_id}").click().run()
    assert studio.scenes.page(noor).total == 1 and not at.exception
