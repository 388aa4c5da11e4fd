"""Text by models and people can neither load nor fake anything, and code stays as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pages.ui.formats import plain
from pages.ui.safe_markdown import JOINER, safe_markdown

READER = MarkdownIt("commonmark").enable("table")
READER.validateLink = lambda url: True  # Streamlit's reader has rules of its own; ours must not need them


def pieces(text):
    """Every token that a markdown reader finds, the inner ones too."""
    for token in READER.parse(text):
        yield token
        yield from token.children or []


def dangers(text):
    """Images, and links to anything but the web or a mailbox."""
    found = []
    for token in pieces(text):
        target = str(token.attrGet("href") or "")
        if token.type == "image" or (target and not target.startswith(("http://", "https://", "mailto:"))):
            found.append(token)
    return found


def code_of(text):
    return [token.content for token in pieces(text) if token.type == "fence"]


@pytest.mark.parametrize(
    "nasty",
    [
        "![a](https://evil.example/1.png)",
        "!![a](https://evil.example/1.png)",
        "![a][b]\n\n[b]: https://evil.example/1.png",
        "[![a](https://evil.example/1.png)](https://evil.example)",
        "[x](javascript:alert(1))",
        "[x](  JaVaScRiPt:alert(1))",
        "[x](java&#115;cript:alert(1))",
        "[x](\njavascript:alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](data:text/html,hi)",
        "[x](/session)",
        "[x](//evil.example)",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "[x][y]\n\n[y]:\njavascript:alert(1)",
        "<javascript:alert(1)>",
        "<vbscript:alert(1)>",
    ],
)
def test_nothing_is_loaded_and_links_lead_only_to_the_web_or_a_mailbox(nasty):
    assert dangers(nasty), "the test would see nothing wrong"
    assert dangers(safe_markdown(nasty)) == []


@pytest.mark.parametrize(
    "cover",
    [
        "<!--\n```\n-->\n{}",
        "<div>\n```\n\n{}",
        "- a\n  ```\n{}",
        "> ```\n{}",
        " ```\na\n```\n{}",
        "    ```\n{}",
        "``` `x\n{}",
        "```\na\n~~~\n```\n{}",
        "~~~\na\n   ~~~~\n{}",
        "$$\n```\n$$\n{}",
        ":::note\n```\n:::\n{}",
        "1. a\n   ```\n   b\n{}",
    ],
)
def test_a_half_open_code_block_is_no_cover_for_an_image(cover):
    assert dangers(safe_markdown(cover.format("![a](https://evil.example/1.png)"))) == []


FRAGMENTS = st.sampled_from(
    [
        "```",
        "~~~",
        "````",
        "![a](https://evil.example)",
        "[x](javascript:1)",
        "[y]:data:1",
        "[x][y]",
        "<!--",
        "-->",
        "<div>",
        "$$",
        ":::",
        ">",
        "-",
        "1.",
        "`",
        "``",
        "\\",
        "|a|",
        "|-|",
        "a",
        "!",
    ]
)
GAPS = st.sampled_from(["", " ", "    ", "\t"])


@given(st.lists(st.lists(FRAGMENTS | GAPS, max_size=5).map("".join), max_size=10).map("\n".join))
def test_no_mixture_of_syntax_opens_a_way(text):
    assert dangers(safe_markdown(text)) == []


def test_ordinary_markdown_is_left_alone():
    text = "# Title\n\n**Bold**, *soft*, `code`.\n\n- [site](https://example.org)\n- <mailto:a@example.org>\n\n> quote"
    assert safe_markdown(text) == text


def test_fenced_code_can_be_copied_as_it_is():
    code = 'vec![1]; echo "$HOME"; x[0](1); d[k]: int; <div>; ![a](b) :red[c]'
    assert code_of(safe_markdown(f"Look:\n```sh\n{code}\n```\nand $5")) == [code + "\n"]
    assert code_of(safe_markdown(f"~~~~\n{code}\n~~~\n~~~~")) == [f"{code}\n~~~\n"]


def test_inline_code_shows_dollars_and_colons_as_they_are():
    assert safe_markdown("`$HOME` costs $5") == r"`$HOME` costs \$5"
    assert safe_markdown("`:red[x]`") == "`:red[x]`"


@pytest.mark.parametrize("text", [":red[x]", ":material/home:", ":blue-badge[x]", ":smile:", ":small[x]"])
def test_streamlit_colours_icons_and_badges_are_plain_words(text):
    assert safe_markdown(text) == ":" + JOINER + text[1:]


def test_controls_and_direction_overrides_go_and_what_alphabets_need_stays():
    assert safe_markdown("a\x00b\u202ec\u200bd\ufeffe") == "abcde"
    family, persian = "👩\u200d👧", "می\u200cخواهم"
    assert safe_markdown(f"{family} {persian} مرحبا") == f"{family} {persian} مرحبا"


@pytest.mark.parametrize(
    "name",
    ["**Ada**", "[x](https://evil.example)", "# Ada", "1. Ada", "- Ada", "`x`", "<b>", "a_b_c", "~~x~~", "A&amp;B"],
)
def test_a_name_is_shown_as_it_was_typed(name):
    shown = [token.content for token in pieces(f"**{plain(name)}**") if token.type in ("text", "text_special")]
    assert "".join(shown).replace(JOINER, "") == name


def test_a_name_stays_on_one_line():
    assert plain("Ada\n\n# Boss") == r"Ada \# Boss"
