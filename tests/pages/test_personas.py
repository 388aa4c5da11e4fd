"""The catalogue, and the page of those who keep the built-in personas."""

from streamlit.testing.v1 import AppTest

from engine.accounts.actor import Actor, Role

PAGE, BUILT_INS = "studio/personas.py", "admin/built_in_personas.py"


def heads(at):
    return [head.value for head in at.subheader]


def publish(studio, actor, name, **fields):
    draft = studio.drafts.open(actor)
    studio.drafts.save(actor, draft.id, {"name": name, "role": "Engineer", **fields})
    return studio.drafts.publish(actor, draft.id)


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception


def test_groups_that_are_empty_are_not_shown(tab, noor):
    at = tab(noor, PAGE)
    assert heads(at) == ["Built-in"]
    assert at.caption[0].value.startswith("8 you can use")


def test_own_shared_and_built_in_ones_stand_in_their_groups(tab, studio, noor, add_person):
    rosa = add_person("rosa@example.org")
    publish(studio, noor, "Ada")
    publish(studio, rosa, "Pip", visibility="workspace")
    publish(studio, rosa, "Secret")
    at = tab(noor, PAGE)
    assert heads(at) == ["Yours", "Team", "Built-in"]
    assert "**Secret**" not in [text.value for text in at.markdown]


def test_search_and_kind_narrow_it_down(tab, studio, noor):
    publish(studio, noor, "Ada", modality="specialist", tags=["latency"])
    at = tab(noor, PAGE)
    at.text_input[0].set_value("LATENCY").run()
    assert at.caption[0].value.startswith("1 found")
    at.text_input[0].set_value("").run()
    at.pills[0].set_value(["department"]).run()
    assert "**Ada**" not in [text.value for text in at.markdown]


def test_a_search_for_nobody_offers_to_write_them(tab, studio, noor):
    at = tab(noor, PAGE)
    at.text_input[0].set_value("volcano").run()
    assert any("Nobody here goes by “volcano”" in text.value for text in at.markdown)
    press(at, "Write “volcano”")
    assert [title.value for title in at.title] == ["volcano"]


def test_clear_filters_brings_everybody_back(tab, noor):
    at = tab(noor, PAGE)
    at.text_input[0].set_value("volcano").run()
    press(at, "Clear filters")
    assert at.caption[0].value.startswith("8 you can use")


def labels(at):
    return [button.label for button in at.main.button]


def menu(at, name):
    """What the menu of a persona offers."""
    return next(each for each in at.main.get("menu_button") if name in each.proto.help).proto.options


def test_own_ones_are_edited_and_anybody_is_talked_to(tab, studio, noor):
    publish(studio, noor, "Ada")
    at = tab(noor, PAGE)
    assert labels(at).count("Edit") == 1 and labels(at).count("Chat") == 9
    press(at, "Edit")
    assert "editing version 1" in at.caption[0].value
    at = tab(noor, PAGE)
    press(at, "Chat")
    assert [title.value for title in at.title] == ["Assistant"]
    assert at.session_state["picks/persona"] == "user:ada"


def test_what_a_persona_offers_is_what_one_may_do_with_it(tab, studio, noor, add_person):
    rosa = add_person("rosa@example.org", Role.ADMIN)
    publish(studio, noor, "Ada")
    publish(studio, rosa, "Pip", visibility="workspace", sample_queries=["What is in the sky?"])
    publish(studio, rosa, "Tom", visibility="workspace", prompt_open=True)
    at = tab(noor, PAGE)
    assert {"Duplicate", "Share with editors", ":red[Delete]"} <= {*menu(at, "Ada")}
    assert "Duplicate" not in menu(at, "Pip") and "Duplicate" in menu(at, "Tom")
    assert "“What is in the sky?”" in [text.value for text in at.markdown]
    for name in ("Pip", "Maestro"):
        assert {"Details", "Make it my default"} <= {*menu(at, name)}
        assert not {"Share with editors", ":red[Delete]", "Set a budget"} & {*menu(at, name)}
    at = tab(rosa, PAGE)
    assert "Set a budget" in menu(at, "Maestro") and "Set a budget" not in menu(at, "Pip")
    assert len(at.main.get("menu_button")) == 10 and "user:ada" not in str(at.main)


def test_a_department_has_its_view(tab, studio, noor, add_person):
    lead = add_person("lead@example.org", Role.LEAD)
    travel = studio.departments.add(Actor.operator(), "Travel").id
    studio.people.set_department(Actor.operator(), lead.person_id, travel)
    lead = studio.people.acting_as(Actor.operator(), lead.email)
    studio.departments.choose_personas(lead, travel, recommended=["trip-planner"], default_persona="trip-planner")
    publish(studio, lead, "Harbour", visibility="workspace")
    publish(studio, noor, "Ada")
    at = tab(noor, PAGE, department="Travel")
    assert heads(at) == ["Team", "Built-in"]
    said = [caption.value for caption in at.caption]
    assert said[0] == "2 found. Trip planner answers by default in Travel." and "Recommended to Travel" in said
    at.selectbox(key="department").set_value(None).run()
    assert heads(at) == ["Yours", "Team", "Built-in"]
    at.selectbox(key="sort").set_value("Newest first").run()
    assert not at.exception


def test_details_show_the_prompt_only_where_it_is_open(tab, studio, noor, add_person):
    rosa = add_person("rosa@example.org")
    for name, is_open in (("Pip", False), ("Tom", True)):
        publish(studio, rosa, name, visibility="workspace", prompt_open=is_open, system_prompt=f"You hide {name}.")
    at = tab(noor, PAGE)
    for name, shown in (("Pip", False), ("Tom", True)):
        at.session_state["open"] = f"team:{rosa.handle}/{name.lower()}"

        def draw():
            import streamlit as st

            from pages.ui.persona_dialogs import details

            details(st.session_state["open"])

        dialog = AppTest.from_function(draw, default_timeout=60)
        for kept in ("session_id", "open"):
            dialog.session_state[kept] = at.session_state[kept]
        dialog.run()
        assert not dialog.exception
        assert any(f"You hide {name}." in code.value for code in dialog.code) is shown
        assert any("It is closed" in caption.value for caption in dialog.caption) is not shown


def test_several_are_chosen_and_deleted_at_once_with_a_way_back(tab, studio, noor):
    for name in ("Ada", "Bert", "Cleo"):
        publish(studio, noor, name)
    at = tab(noor, PAGE)
    press(at, "Choose several")
    at.checkbox(key="choose/user:ada").check().run()
    at.checkbox(key="choose/user:cleo").check().run()
    assert any("**2 personas** chosen" in text.value for text in at.markdown)
    deleted = {"user:ada": "Ada", "user:cleo": "Cleo"}  # the dialog's own button is out of AppTest's reach
    for key in deleted:
        studio.personas.delete(noor, key)
    at.session_state["personas/deleted"] = deleted
    press(at, "Done")
    press(at, "Undo all")
    assert heads(at) == ["Yours", "Built-in"] and labels(at).count("Edit") == 3


def test_administrators_keep_the_built_in_ones_on_a_page_of_their_own(tab, studio, add_person):
    rosa = add_person("rosa@example.org", Role.ADMIN)
    studio.builtins.remove(rosa, "writer")
    draft = studio.drafts.open(rosa, "maestro")
    studio.drafts.save(rosa, draft.id, {"voice": "Short."})
    studio.drafts.publish(rosa, draft.id)
    at = tab(rosa, BUILT_INS)
    assert labels(at).count("Edit for everyone") == 7 and heads(at) == ["Removed"]
    assert "Back to as shipped" in menu(at, "Maestro") and "Back to as shipped" not in menu(at, "Developer")
    press(at, "Bring it back")
    assert heads(at) == [] and labels(at).count("Edit for everyone") == 8
    press(at, "Edit for everyone")
    assert "built in, for everyone" in at.caption[0].value


def test_a_persona_with_a_draft_says_so(tab, studio, noor):
    studio.drafts.open(noor, publish(studio, noor, "Ada"))
    at = tab(noor, PAGE)
    assert any("orange-badge" in text.value for text in at.markdown)


def test_a_name_cannot_dress_up(tab, studio, noor):
    publish(studio, noor, ":red[**Boss**] ![x](https://evil.example)")
    at = tab(noor, PAGE)
    assert not any(":red[" in text.value or "![" in text.value for text in at.markdown)


def test_many_are_shown_a_page_at_a_time(tab, studio, noor):
    for number in range(26):
        publish(studio, noor, f"Persona {number:02}")
    at = tab(noor, PAGE)
    assert sum(text.value.startswith("**Persona") for text in at.markdown) == 24


def delete_ada(tab, studio, noor):
    key = publish(studio, noor, "Ada")
    at = tab(noor, PAGE)
    studio.personas.delete(noor, key)
    at.session_state["personas/deleted"] = {key: "Ada"}
    return at.run(), key


def test_what_was_deleted_can_be_brought_back(tab, studio, noor):
    at, key = delete_ada(tab, studio, noor)
    assert heads(at) == ["Built-in"]
    press(at, "Undo")
    assert heads(at) == ["Yours", "Built-in"]
    assert studio.personas.get(noor, key).spec.name == "Ada"
    assert not any(button.label == "Undo" for button in at.button)


def test_the_way_back_is_there_until_one_leaves_the_page(tab, studio, noor):
    at, _ = delete_ada(tab, studio, noor)
    at.run()
    assert any(button.label == "Undo" for button in at.button)
    at.switch_page("studio/home.py").run()
    at.switch_page(PAGE).run()
    assert not any(button.label == "Undo" for button in at.button)
