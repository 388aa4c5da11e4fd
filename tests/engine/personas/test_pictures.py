"""Pictures: what is kept of a file, who may see it, and how long it stays."""

import io

import pytest
from PIL import Image

from engine.accounts.actor import Actor, Role
from engine.errors import BadInput, NotFound
from engine.personas import pictures
from engine.personas.diff import changes
from engine.personas.pictures.drawing import clean
from engine.personas.pictures.files import SIDE, bare, look
from engine.personas.spec import PersonaSpec
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.personas.cards.made import picture, pixels
from tests.engine.personas.test_catalogue import published

SECRETS = (b"Galway", b"53.27 N", b"by hand")


def with_words(kind: str, *, orientation: int = 1) -> bytes:
    """A picture in which a camera has written place, time and direction."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112], exif[0x9286] = "Galway 53.27 N", orientation, "by hand"
    return picture(kind, exif=exif.tobytes(), **({"comment": b"by hand"} if kind == "JPEG" else {}))


def shown(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_loses_its_words_and_no_pixel(kind: str) -> None:
    brought = with_words(kind)
    assert any(secret in brought for secret in SECRETS)
    kept = clean(brought)
    assert not any(secret in kept for secret in SECRETS)
    assert pixels(kept) == pixels(brought) and look(kept) == look(brought)
    assert bare(kept) == kept and not shown(kept).getexif()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_picture_that_lies_on_its_side_is_turned(kind: str) -> None:
    kept = clean(with_words(kind, orientation=6))
    assert (look(kept).width, look(kept).height) == (60, 40)
    assert not any(secret in kept for secret in SECRETS)


@pytest.mark.parametrize(
    ("size", "mode", "expected"),
    [((900, 300), "RGB", 256), ((40, 60), "P", 40), ((2100, 1100), "RGBA", 256), ((30, 700), "LA", 30)],
)
def test_what_is_shown_is_a_small_square(size: tuple[int, int], mode: str, expected: int) -> None:
    from engine.personas.pictures.drawing import display_of

    written = io.BytesIO()
    Image.new(mode, size, 128 if mode in "LP" else None).save(written, "PNG")
    assert shown(display_of(written.getvalue())).size == (expected, expected)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a picture"),
        (b"GIF89a" + b"\0" * 99, "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (picture(size=(SIDE + 1, 1)), "4,097 × 1 pixels"),
        (picture("JPEG", (1, SIDE + 1)), "1 × 4,097 pixels"),
        (picture("WEBP", (SIDE + 1, 2)), "4,097 × 2 pixels"),
        (picture("WEBP", (2, SIDE + 1), lossless=True), "2 × 4,097 pixels"),
        (picture()[:-30], "missing"),
        (picture("JPEG")[:300], "damaged"),
        (picture("WEBP")[:300], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (11 * 2**20), "11.0 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_fit_picture_is_refused(studio: Studio, ada: Actor, data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        studio.pictures.save(ada, data)
    assert studio.privacy.export(ada)["pictures"] == []


def test_a_picture_is_for_those_who_may_use_a_persona_that_has_it(studio: Studio, ada: Actor) -> None:
    other, admin = person(studio, "Bob"), person(studio, "Ann", role=Role.ADMIN)
    name = studio.pictures.save(ada, picture())
    key = published(studio, ada, avatar=name)

    def sees(actor: Actor) -> bool:
        try:
            return shown(studio.pictures.display(actor, name)).size == (40, 40)
        except NotFound as refused:
            assert refused.message == "There is no such picture that you may see."
            return False

    def change(**fields: object) -> None:
        draft = studio.drafts.open(ada, key)
        studio.drafts.save(ada, draft.id, fields)
        studio.drafts.publish(ada, draft.id)

    assert [sees(each) for each in (ada, other, admin)] == [True, False, False]
    change(visibility="workspace")
    assert [sees(each) for each in (ada, other, admin)] == [True, True, True]
    change(avatar="🦉")
    assert [sees(each) for each in (ada, other, admin)] == [True, False, False]
    change(avatar=name, prompt_open=True)
    copy = studio.drafts.duplicate(other, studio.personas.catalogue(other).team[0].key)
    studio.personas.delete(ada, key)
    assert copy.spec.avatar == name
    assert [sees(each) for each in (ada, other, admin)] == [True, True, False]
    with pytest.raises(NotFound):
        studio.pictures.original(admin, name)
    for spelling in ("", "picture:", f"card:{name.partition(':')[2]}", name.upper(), "https://example.org/a.png"):
        with pytest.raises(NotFound):
            studio.pictures.display(ada, spelling)


def test_what_nothing_names_is_swept_and_what_a_version_or_a_draft_names_stays(
    studio: Studio, ada: Actor, clock: Clock
) -> None:
    def brought() -> str:
        return studio.pictures.save(ada, picture())

    def there(name: str) -> bool:
        with studio.database.read() as unit:
            return unit.attachments.facts(name.partition(":")[2]) is not None

    older, newer, drafted, loose = (brought() for _ in range(4))
    key = published(studio, ada, avatar=older)
    draft = studio.drafts.open(ada, key)
    studio.drafts.save(ada, draft.id, {"avatar": newer})
    studio.drafts.publish(ada, draft.id)
    waiting = studio.drafts.open(ada)
    studio.drafts.save(ada, waiting.id, {"avatar": drafted})
    clock.forward(hours=23)
    studio.retention.sweep()
    assert all(map(there, (older, newer, drafted, loose)))
    fresh = brought()
    clock.forward(hours=2)
    studio.retention.sweep()
    assert list(map(there, (older, newer, drafted, loose, fresh))) == [True, True, True, False, True]


def test_there_is_an_end_to_what_one_person_may_keep(
    studio: Studio, ada: Actor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST", 2)
    same = picture()
    names = [studio.pictures.save(ada, data) for data in (same, picture())]
    assert studio.pictures.save(ada, same) == names[0]
    with pytest.raises(BadInput, match="as many pictures"):
        studio.pictures.save(ada, picture())
    studio.pictures.save(person(studio, "Bob"), picture())
    clock.forward(days=2)
    studio.pictures.save(ada, picture())
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    with pytest.raises(BadInput, match="as many pictures"):
        studio.pictures.save(ada, picture())


def test_a_person_takes_their_pictures_along_but_for_those_that_others_use(studio: Studio, ada: Actor) -> None:
    other = person(studio, "Bob")
    mine, shared = (studio.pictures.save(ada, picture()) for _ in range(2))
    published(studio, ada, avatar=mine)
    published(studio, ada, name="Eve", avatar=shared, visibility="workspace", prompt_open=True)
    (theirs,) = studio.personas.catalogue(other).team
    draft = studio.drafts.duplicate(other, theirs.key)
    studio.drafts.publish(other, draft.id)
    (first, _) = studio.privacy.export(ada)["pictures"]
    assert first["kind"] == "picture" and first["size"] > 1000
    assert first["small_copy"].startswith("data:image/webp;base64,")
    assert studio.privacy.export(other)["pictures"] == []
    studio.privacy.delete_account(ada, "")
    assert studio.pictures.display(other, shared)
    with studio.database.read() as unit:
        assert unit.attachments.facts(mine.partition(":")[2]) is None
        facts = unit.attachments.facts(shared.partition(":")[2])
    assert facts is not None and facts.uploaded_by is None


def test_a_difference_of_pictures_is_short() -> None:
    old, new = (PersonaSpec(avatar=f"picture:{sign * 64}", card_data=f"card:{sign * 64}") for sign in "ab")
    avatar, card = changes(old, new)
    assert (card.title, "".join(part.text for part in card.parts if part.op != "added")) == (
        "Card data",
        "card aaaaaaaa",
    )
    assert "".join(part.text for part in avatar.parts if part.op != "removed") == "picture bbbbbbbb"
