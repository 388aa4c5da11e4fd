"""Keys at rest: what is sealed opens in its own row only, with its own master key only."""

import base64
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from engine.accounts.master_keys import MASTER_KEY_FILE
from engine.accounts.vault import Binding, CannotOpen, Vault, load_vault
from engine.errors import ConfigError
from engine.settings import load_settings
from engine.studio import Studio

KEY = "sk-planted-0123456789abcdef"
MASTER = b"m" * 32


def binding(**changes: object) -> Binding:
    return replace(Binding("provider-key", str(UUID(int=1)), "openai", UUID(int=2)), **changes)  # type: ignore[arg-type]


def opens(vault: Vault, sealed: str, where: Binding) -> bool:
    try:
        return vault.open(sealed, where) == KEY
    except CannotOpen:
        return False


def test_what_was_sealed_opens_in_its_row() -> None:
    vault = Vault(MASTER)
    sealed = vault.seal(KEY, binding())
    assert sealed.startswith(f"s1.{vault.kid}.") and KEY not in sealed
    assert opens(vault, sealed, binding())
    assert vault.seal(KEY, binding()) != sealed


def test_a_row_swap_never_opens() -> None:
    vault = Vault(MASTER)
    rows = [binding(owner=str(uuid7()), row_id=uuid7()) for _ in range(70)]
    sealed = [vault.seal(KEY, row) for row in rows]
    opened = [(i, j) for i, text in enumerate(sealed) for j, row in enumerate(rows) if opens(vault, text, row)]
    assert opened == [(i, i) for i in range(len(rows))]


@pytest.mark.parametrize(
    "moved",
    [{"owner": "x"}, {"provider": "groq"}, {"row_id": UUID(int=3)}, {"purpose": "canary"}],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_the_binding_counts(moved: dict[str, object]) -> None:
    vault = Vault(MASTER)
    assert not opens(vault, vault.seal(KEY, binding()), binding(**moved))


def test_parts_of_the_binding_do_not_run_into_each_other() -> None:
    one, other = binding(owner="1", provider="23"), binding(owner="12", provider="3")
    assert one.associated_data("k") != other.associated_data("k")


def test_a_flipped_bit_never_opens() -> None:
    vault, chance = Vault(MASTER), random.Random(7)
    sealed = vault.seal(KEY, binding())
    head, _, body = sealed.rpartition(".")
    raw = base64.urlsafe_b64decode(body)
    for _ in range(2000):
        bit = chance.randrange(len(raw) * 8)
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not opens(vault, f"{head}.{base64.urlsafe_b64encode(flipped).decode()}", binding())
    for cut in range(len(sealed)):
        assert not opens(vault, sealed[:cut], binding())


def test_another_key_or_a_swapped_key_id_never_opens() -> None:
    vault, other = Vault(MASTER), Vault(b"o" * 32)
    sealed = vault.seal(KEY, binding())
    assert not opens(other, sealed, binding())
    assert not opens(other, sealed.replace(vault.kid, other.kid), binding())
    assert not opens(vault, sealed.replace("s1.", "s0."), binding())


def test_nothing_printed_shows_the_master_key() -> None:
    assert repr(Vault(MASTER)) == f"Vault({Vault(MASTER).kid})"


def test_the_key_file_is_made_once_for_its_owner_only(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment.setenv("STUDIO_DATA_DIR", str(tmp_path))
    first, second = load_vault(load_settings()), load_vault(load_settings())
    file = tmp_path / MASTER_KEY_FILE
    assert first.kid == second.kid and file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [MASTER_KEY_FILE]
    clean_environment.setenv("STUDIO_MASTER_KEY", base64.b64encode(MASTER).decode())
    assert load_vault(load_settings()).kid == Vault(MASTER).kid


def spoil_mode(file: Path) -> None:
    file.chmod(0o640)


def spoil_link(file: Path) -> None:
    file.replace(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def spoil_length(file: Path) -> None:
    file.write_bytes(base64.b64encode(b"m" * 31))


def spoil_text(file: Path) -> None:
    file.write_text("not a key, surely")


def spoil_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def spoil_emptied(file: Path) -> None:
    file.write_text("\n")


def spoil_second(file: Path) -> None:
    file.write_text(f"{file.read_text()}\nnot a key, surely\n")


SPOILT = [spoil_mode, spoil_link, spoil_length, spoil_text, spoil_folder, spoil_emptied, spoil_second]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoiled_key_file_is_refused_in_one_sentence(
    clean_environment: pytest.MonkeyPatch, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    clean_environment.setenv("STUDIO_DATA_DIR", str(tmp_path))
    load_vault(load_settings())
    spoil(tmp_path / MASTER_KEY_FILE)
    with pytest.raises(ConfigError) as refused:
        load_vault(load_settings())
    assert refused.value.message.count(".") <= 3 and "\n" not in refused.value.message


def test_the_first_key_seals_and_every_one_opens() -> None:
    old, both = Vault(MASTER), Vault(b"n" * 32, MASTER)
    assert both.kid == Vault(b"n" * 32).kid and repr(both) == f"Vault({both.kid})"
    assert opens(both, old.seal(KEY, binding()), binding())
    assert not opens(old, both.seal(KEY, binding()), binding())
    assert opens(old, both.seal(KEY, binding(), kid=old.kid), binding())


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n"])
def test_the_variable_holds_several_keys(clean_environment: pytest.MonkeyPatch, between: str) -> None:
    keys = [base64.b64encode(key * 32).decode() for key in (b"n", b"m", b"n")]
    clean_environment.setenv("STUDIO_MASTER_KEY", between.join(keys))
    vault = load_vault(load_settings())
    assert vault.kid == Vault(b"n" * 32).kid and vault.knows(Vault(MASTER).kid)


def test_an_unknown_key_id_has_the_source_read_once(caplog: pytest.LogCaptureFixture) -> None:
    held, read = [(MASTER,)], []

    def source() -> tuple[bytes, ...]:
        read.append(held[-1])
        if not held[-1]:
            raise ConfigError("The key file cannot be read.")
        return held[-1]

    vault, new = Vault(MASTER, source=source), Vault(b"n" * 32)
    assert opens(vault, vault.seal(KEY, binding()), binding()) and read == []
    assert not opens(vault, new.seal(KEY, binding()), binding()) and len(read) == 1
    held.append(())
    assert not opens(vault, new.seal(KEY, binding()), binding()) and "cannot be read" in caplog.text
    held.append((b"n" * 32,))
    assert opens(vault, new.seal(KEY, binding()), binding()) and vault.kid == new.kid
    assert opens(vault, Vault(MASTER).seal(KEY, binding()), binding()) and len(read) == 3


def test_another_master_key_is_refused_before_anybody_uses_it(open_with: Callable[..., Studio]) -> None:
    open_with(STUDIO_MASTER_KEY=base64.b64encode(MASTER).decode()).close()
    with pytest.raises(ConfigError, match="not the one"):
        open_with(STUDIO_MASTER_KEY=base64.b64encode(b"o" * 32).decode())
