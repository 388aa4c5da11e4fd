"""A face is drawn from the key alone."""

from xml.etree import ElementTree

import pytest

from engine.personas.faces import ACCENTS, EYES, MOUTHS, accent_of, face, is_emoji


def test_the_same_key_has_the_same_face_for_ever():
    assert face("ada") == face("ada")
    assert accent_of("maestro") == "violet"


def test_many_keys_use_all_colours_eyes_and_mouths():
    faces = [face(f"persona-{number}") for number in range(400)]
    assert {accent_of(f"persona-{number}") for number in range(400)} == set(ACCENTS)
    assert all(any(feature in drawn for drawn in faces) for feature in (*EYES, *MOUTHS))


@pytest.mark.parametrize("key", ["ada", "", "</svg><script>", "🌋", "a" * 10_000])
def test_a_face_is_a_whole_picture_whatever_the_key(key):
    assert ElementTree.fromstring(face(key)).tag.endswith("svg")  # noqa: S314
    assert "script" not in face(key)


def test_an_emoji_takes_the_place_of_the_face():
    assert "🦊" in face("ada", emoji="🦊")
    assert EYES[0] not in face("ada", emoji="🦊")


@pytest.mark.parametrize("text", ["", "A", "<b>", "https://example.org/a.png", "🦊" * 9, "é", '"/><script>'])
def test_anything_else_is_not_drawn(text):
    assert not is_emoji(text)
    assert face("ada", emoji=text) == face("ada")
