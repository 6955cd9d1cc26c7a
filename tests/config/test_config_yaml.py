"""PROMISES section 4, configuration: a safe loader, duplicate and unknown keys with line and column, caps on size, depth and aliases."""

import pytest

from accord.config.yamlfile import MAX_BYTES, Place, parse_yaml, read_yaml
from accord.errors import ConfigurationError, Problem


def refused(content: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(content if isinstance(content, bytes) else content.encode(), "x.yaml")
    return caught.value.problems


def test_every_value_and_key_knows_its_place() -> None:
    read = parse_yaml(b"a: 1\nlist:\n  - b: two\n    c: [3, 4]\n", "x.yaml")
    assert read.data == {"a": 1, "list": [{"b": "two", "c": [3, 4]}]}
    assert read.place(("list", 0, "b")) == Place(3, 8)
    assert read.place(("list", 0, "c", 1)) == Place(4, 12)
    assert read.keys["list", 0, "c"] == Place(4, 5)
    assert read.place(("list", 0, "missing")) == Place(3, 5)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("NO", "NO"),  # YAML 1.1 takes this country for false
        ("on", "on"),
        ("yes", "yes"),
        ("2024-09-10 15:02:06", "2024-09-10 15:02:06"),
        ("0150", "0150"),
        ("12:30", "12:30"),
        ("1e999", "1e999"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        (".", "."),
        ("99999999999999999999", "99999999999999999999"),
        ('"7"', "7"),
        ("!!str 7", "7"),
        ("7", 7),
        ("-1", -1),
        ("0.01", 0.01),
        ("1e3", 1000.0),
        ("e5", "e5"),
        (".e5", ".e5"),
        ("1.", 1.0),
        (".5", 0.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_plain_word_is_what_it_looks_like(word: str, meant: object) -> None:
    found = parse_yaml(f"a: {word}".encode(), "x.yaml").data["a"]
    assert found == meant
    assert type(found) is type(meant)


def test_all_structural_problems_come_at_once_in_order() -> None:
    problems = refused("a: 1\na: 2\nb: !!python/object/apply:os.system [ls]\n1: x\n? [q]\n: y\nc: *nowhere\nd: {<<: {x: 1}}\n")
    assert [(problem.line, problem.column) for problem in problems] == [(2, 1), (3, 4), (4, 1), (5, 3), (7, 4), (8, 5)]
    assert "given twice; first in line 1" in problems[0].what
    assert "tag" in problems[1].what
    assert "must be text" in problems[2].what
    assert "alias of nothing" in problems[4].what
    assert "<<" in problems[5].what
    assert all(problem.file == "x.yaml" and problem.remedy for problem in problems)


def test_broken_yaml_names_the_line() -> None:
    (problem,) = refused("a: 1\nb: [1, 2\nc: 3\n")
    assert problem.line in (2, 3)
    assert problem.what.startswith("not YAML:")


@pytest.mark.parametrize("content", ["", "# only a comment\n"])
def test_an_empty_file_is_refused(content: str) -> None:
    assert "empty" in refused(content)[0].what


def test_a_second_document_is_refused() -> None:
    (problem,) = refused("a: 1\n---\nb: 2\n")
    assert (problem.line, "second document" in problem.what) == (2, True)


def test_depth_is_capped_before_anything_nests() -> None:
    assert "nested" in refused("[" * 100_000)[0].what


def test_size_is_capped() -> None:
    assert "MiB" in refused(b"a: " + b"x" * MAX_BYTES)[0].what


def test_aliases_cannot_blow_up() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "aliases" in refused("\n".join(levels))[0].what


def test_an_alias_of_what_encloses_it_is_refused() -> None:
    assert "encloses" in refused("a: &x [1, *x]\n")[0].what


def test_an_alias_is_the_value_it_names() -> None:
    assert parse_yaml(b"a: &x {k: [1]}\nb: *x\n", "x.yaml").data == {"a": {"k": [1]}, "b": {"k": [1]}}


@pytest.mark.parametrize("content", [b"a: \xff\xfe\n", b"a: 1\n\tb: 2\n", b"a: \x00\n"])
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    assert refused(content)


def test_a_missing_file_says_how_to_get_one() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_yaml("nowhere/dataflow.yaml")
    assert "accord init" in caught.value.remedy
