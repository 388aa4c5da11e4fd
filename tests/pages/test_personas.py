"""The catalogue."""

PAGE = "studio/personas.py"


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


def test_own_ones_are_edited_and_others_copied(tab, studio, noor):
    publish(studio, noor, "Ada")
    at = tab(noor, PAGE)
    press(at, "Edit")
    assert "editing version 1" in at.caption[0].value
    at = tab(noor, PAGE)
    press(at, "Write your own copy")
    assert "not published yet" in at.caption[0].value


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
