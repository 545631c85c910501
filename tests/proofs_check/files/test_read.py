"""Claim files: what they mean, and every way in which they can be unusable."""

import pickle
import tomllib
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import claim_file_lines, claim_files, damaged

from ratecert.proofs_check.files.names import MAX_PROBLEMS, ClaimFileError, ClaimPart
from ratecert.proofs_check.files.read import (
    MAX_BYTES,
    MAX_CLAIMS,
    MAX_FILE_CHARACTERS,
    make_claim,
    parse_claims,
)
from ratecert.proofs_check.files.toml import MAX_TOKENS, KeyPath, read_toml
from ratecert.proofs_check.language.claim import SIZES, Claim, Objective, Paper
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import FUNCTIONS, Expr
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.mercer import Brownian, Sobolev
from ratecert.proofs_check.language.quantities import QUANTITIES

FILE = "x.claims.toml"
EXAMPLE = """\
format = 1                    # optional

[paper]                       # `key` is required
key = "lin2024"
title = "Scaling Laws in Linear Regression: Compute, Parameters, and Data"
authors = ["Licong Lin", "..."]
year = 2024
arxiv = "2406.08466"

[defaults]
spectrum  = "i^-a"
target    = "i^-b"
features  = "gaussian"
algorithm = "sgd"
schedule  = "geometric"
batch     = "1"
outputs   = "1"
assume    = ["a > 1", "b > 1"]

[[claim]]
id     = "approx"
where  = "Theorem 4.1"
assume = ["b = a"]
says   = "approx = Theta(M^(1-a))"
expect = "certified"
note   = "free text"

[[claim]]
id = "optimal-model-size"
assume = ["b = a", "gamma = 1"]
minimise = "risk - sigma^2"
over = ["M", "N_eff"]
subject_to = "M*N_eff = C"
says = "optimal(M) = Theta(C^(1/(a+1)))"
"""


def read(text: str) -> tuple[Claim, ...]:
    return parse_claims(text.encode(), FILE).claims


def problems(data: bytes | str) -> list[str]:
    """Every problem as LINE: MESSAGE, carets left out."""
    with pytest.raises(ClaimFileError) as caught:
        parse_claims(data.encode() if isinstance(data, str) else data, FILE)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    assert all(str(p).startswith(f"{FILE}:{p.line}: ") for p in caught.value.problems)
    return [f"{p.line}: {p.message.splitlines()[0]}" for p in caught.value.problems]


def claim(body: str) -> str:
    """A file of one claim; the lines of the body begin at line 4."""
    return f"paper.key = 'p'\n[[claim]]\nid = 'c'\n{body}"


def test_the_example_of_the_documentation() -> None:
    result = parse_claims(EXAMPLE.encode(), FILE)
    title = "Scaling Laws in Linear Regression: Compute, Parameters, and Data"
    assert result.paper == Paper("lin2024", title, ("Licong Lin", "..."), 2024, "2406.08466")
    approx, optimal = result.claims
    assert approx.name == "lin2024:approx"
    assert (approx.left, approx.relation) == (parse_expr("approx"), "Theta")
    assert approx.right == parse_expr("M^(1-a)")
    assert list(map(str, approx.assume)) == ["a > 1", "b > 1", "b = a"]
    assert (approx.where, approx.note, approx.expect) == ("Theorem 4.1", "free text", "certified")
    assert (approx.file, approx.line) == (FILE, 20)
    assert optimal.objective == Objective(
        parse_expr("risk - sigma^2"), ("M", "N_eff"), parse_condition("M*N_eff = C")
    )
    assert optimal.line == 28


def test_absent_settings_have_the_documented_values() -> None:
    (short,) = read(claim("says = 'M = O(M)'"))
    written = EXAMPLE[: EXAMPLE.index("[[claim]]")] + "[[claim]]\nid='c'\nsays='M = O(M)'"
    (full,) = read(written)
    assert short.setting == full.setting
    assert short.assume == ()


def test_a_claim_overrides_the_defaults_and_adds_assumptions() -> None:
    first, second, third = read("""
        paper.key = "p"
        defaults = {kernel = "brownian", sizes = ["p"], outputs = "p", assume = ["1 < a < 2"]}
        claim = [
            {id = "c", says = "p = O(M)", assume = ["b > a"]},
            {id = "d", says = "q = O(M)", sizes = ["q"], spectrum = "i^-2", schedule = "constant"},
            {id = "e", says = "M = O(M)", kernel = "sobolev(2)", features="top", expect="refuted"},
        ]
    """)
    assert (first.setting.kernel, first.setting.outputs) == (Brownian(), parse_expr("p"))
    assert list(map(str, first.assume)) == ["1 < a", "a < 2", "b > a"]
    assert (first.sizes, first.own_sizes) == (SIZES | {"p"}, {"p"})
    assert (second.setting.kernel, second.setting.spectrum) == (None, parse_expr("i^-2"))
    assert (second.setting.schedule, second.own_sizes) == ("constant", {"q"})
    assert (third.setting.kernel, third.setting.features) == (Sobolev(parse_expr("2")), "top")
    assert [c.line for c in (first, second, third)] == [5, 6, 7]
    assert third.expect == "refuted"


@pytest.mark.parametrize(
    "body",
    [
        "says = 'eigenvalue(j) = Theta(j^-a)'\nassume = ['a > 1', 'j <= M']",
        "says = 'effective_dimension = O(N^(1/a))'\nassume = ['a > 1']",
        "says = 'irreducible = Theta(sigma^2)'",
        "says = 'irreducible = Theta(p*sigma^2)'\noutputs = 'p'\nsizes = ['p']",
        "says = 'approx = O(1)'\nkernel = 'brownian'\ntarget = 'i^-2'",
        "says = 'sum(i^-2, i, N, oo) ~ 1/N'",
        "says = 'sum(n^-a, n, N, oo) = O(1)'\nassume = ['a > 1']",
        "says = 'variance = O(approx + mean_bias)'\nassume = ['a > 1', 'b = a']",
        "says = 'optimal(value) - sigma^2 = O(1)'\nassume = ['a > 1', 'b = a']\n"
        "minimise = 'risk'\nover = ['gamma']\nsubject_to = ['M < N', 'N < M^2']",
        "says = 'N = O(M)'\nassume = ['N <= M^Neff', 'Neff > 0']",
        "says = 'N = O(M)'\nassume = ['N <= kappa*M']",
        "says = 'N = O(M)'\nspectrum = 'q^-r'",
    ],
)
def test_claims_whose_names_are_all_known(body: str) -> None:
    assert len(read(claim(body))) == 1


PLAIN = "says = 'M = O(N)'\n"
QUANTITY = "says = 'risk = O(1)'\n"
MINIMUM = "says = 'optimal(M) = O(1)'\nminimise = 'M'\n"
WRONG = {
    # unknown keys
    claim(PLAIN + "feature = 'top'"): "5: [claim] has no key 'feature'; did you mean features?",
    claim(PLAIN + "zzzzz = 1"): "5: [claim] has no key 'zzzzz'; known are spectrum,",
    claim(PLAIN) + "[default]": "5: a claim file has no key 'default'; did you mean defaults?",
    claim(PLAIN) + "[xyzzy]": "5: a claim file has no key 'xyzzy'; known are format,",
    claim(PLAIN) + "[defaults]\nsays = 'M = O(N)'": "6: says stands in a [[claim]], not in",
    claim(PLAIN) + "[defaults]\nbach = '1'": "6: [defaults] has no key 'bach'; did you mean batch",
    "paper = {key = 'p', yaer = 1}\n" + claim(PLAIN)[16:]: "1: [paper] has no key 'yaer'; did",
    # wrong values
    "format = 2\n" + claim(PLAIN): "1: format must be 1",
    "format = true\n" + claim(PLAIN): "1: format must be 1",
    claim("says = 3"): "4: says must be a string in quotes",
    claim(PLAIN + "features = 'gausian'"): "5: features = 'gausian' is none of gaussian, top; did",
    claim(PLAIN + "expect = 'true'"): "5: expect = 'true' is none of certified, refuted, undec",
    claim(PLAIN + "assume = 'a > 1'"): "5: assume must be a list of strings in brackets",
    claim(PLAIN + "assume = ['a > 1',\n\n2]"): "7: an entry of assume must be a string in quotes",
    claim(PLAIN + "subject_to = 3\nminimise = 'M'\nover = ['M']"): "5: subject_to must be a list",
    claim(PLAIN + "sizes = ['M p']"): "5: 'M p' is not a name",
    claim(PLAIN + "sizes = ['gamma']"): "5: gamma has a meaning of its own",
    claim(PLAIN + "sizes = ['log']"): "5: log has a meaning of its own",
    claim(PLAIN + "kernel = 'laplace'\nspectrum = '1/i'"): "5: a kernel has its own spectrum",
    claim(PLAIN).replace("'c'", "'c d'"): "3: id = 'c d' cannot name a claim",
    claim(PLAIN).replace("'c'", "'../c'"): "3: id = '../c' cannot name a claim",
    claim(PLAIN).replace("'c'", '"c\\u0007"'): "3: id = 'c\\x07' cannot name a claim",
    claim(PLAIN).replace("'p'", "''"): "1: key = '' cannot name a claim",
    "paper = {key = 'p', year = '2024'}\n" + claim(PLAIN)[16:]: "1: year must be a whole number",
    "paper = {key = 'p', year = true}\n" + claim(PLAIN)[16:]: "1: year must be a whole number",
    # wrong tables
    claim(PLAIN)[16:]: "1: the paper has no key",
    "[paper]\ntitle = 't'\n" + claim(PLAIN)[16:]: "1: the paper has no key",
    "paper = 'p'\n" + claim(PLAIN)[16:]: "1: paper must be a table",
    "defaults = 1\n" + claim(PLAIN): "1: defaults must be a table",
    "paper.key = 'p'\n": "1: the file has no claim",
    "paper.key = 'p'\n[claim]\nid = 'c'": "2: claims are tables of a list: write [[claim]]",
    "paper.key = 'p'\nclaim = [1]": "2: claims are tables of a list: write [[claim]]",
    claim(""): "2: this claim has no says",
    "paper.key = 'p'\n\n[[claim]]\n" + PLAIN: "3: this claim has no id",
    claim(PLAIN) + "[[claim]]\nsays='M = O(1)'\nid='c'": "7: id 'c' is taken since line 3",
    claim(PLAIN + "minimise = 'M'"): "2: minimise and over go together",
    claim(PLAIN + "over = ['M']"): "2: minimise and over go together",
    claim(PLAIN + "subject_to = 'M = C'"): "5: subject_to needs a minimise",
    # not the language
    claim("\nsays = 'M = O(N'"): "5: expected `)`",
    claim(PLAIN + "assume = ['a > 1', # one\n  '2', 'b > 1']"): "6: a condition compares",
    claim(PLAIN + "assume = ['a > 1/0']"): "5: this divides by zero",
    claim(PLAIN) + "[defaults]\ntarget = 'i^'": "6: expected an expression",
    # names
    claim("says = 'aprox = O(1)'"): "4: there is no name aprox here; did you mean approx?",
    claim("says = 'M = O(N_ef)'"): "4: there is no name N_ef here; did you mean N_eff?",
    claim("says = 'M = O(m)'"): "4: there is no name m here; did you mean M?",
    claim("says = 'M = O(N^q)'"): "4: there is no name q here: a parameter must occur in assume",
    claim("says = 'sum(i, i, 1, i) = O(1)'"): "4: there is no name i here",
    claim("says = 'sum(1, risk, 1, M) = O(1)'"): "4: risk cannot be the index of a sum",
    claim("says = 'eigenvalue(j + k) = O(1)'\nassume=['a > 1']"): "4: there is no name j here",
    claim("says = 'eigenvalue(j) = O(j)'"): "2: there is no name a here",
    claim(PLAIN + "assume = ['risk > 1']"): "5: risk is a quantity; assume is about",
    claim(PLAIN + "assume = ['eigenvalue(j) > 1']"): "5: eigenvalue(...) has no meaning here",
    claim(PLAIN + "assume = ['optimal(M) > 1']"): "5: optimal(...) has no meaning here",
    claim(PLAIN + "assume = ['N_ef*gamma >= 1']"): "5: N_ef occurs nowhere else; did you mean N_",
    claim(PLAIN + "assume = ['sum(i, gamma, 1, M) > a']"): "5: gamma cannot be the index",
    claim(QUANTITY + "assume = ['a > 1']"): "2: there is no name b here: a parameter must occur",
    claim(QUANTITY + "assume = ['a > 1']\ntarget = 'j^-a'"): "6: there is no name j here",
    claim("says = 'approx = O(1)'\ntarget = 'i^-2'"): "2: there is no name a here",
    claim(QUANTITY + "spectrum = 'M^-2'\ntarget='1/i^2'"): "5: there is no name M here",
    claim(
        QUANTITY + "kernel = 'laplace'\ntarget='1/i^2'\nbatch = 'gamma'"
    ): "7: there is no name gamma",
    claim(PLAIN + "kernel = 'browniam'"): "5: there is no kernel browniam; did you mean brownian?",
    claim(PLAIN + "kernel = 'sobolev'"): "5: the kernel sobolev needs its parameter",
    claim(PLAIN + "kernel = 'laplace(2)'"): "5: the kernel laplace has no parameter",
    claim(PLAIN + "kernel = 'ntk(d)'"): "5: ntk(d): d is a whole number, written out",
    claim(PLAIN + "kernel = 'ntk(1)'"): "5: ntk(1): the sphere lies in R^d, d from 2",
    claim(PLAIN + "kernel = 'sobolev(2'"): "5: 'sobolev(2' is not a kernel: known are",
    claim(PLAIN + "kernel = 'sobolev(2^)'"): "5: expected an expression",
    claim(QUANTITY + "kernel = 'sobolev(s)'\ntarget='1/i^2'"): "5: there is no name s here",
    claim(QUANTITY + "kernel = 'sobolev(i)'\ntarget='1/i^2'"): "5: there is no name i here",
    claim(QUANTITY + "kernel = 'sobolev(M)'\ntarget='1/i^2'"): "5: there is no name M here",
    claim(
        QUANTITY + "kernel = 'sobolev(sigma)'\ntarget='1/i^2'"
    ): "5: there is no name sigma here",
    claim(
        QUANTITY + "kernel = 'sobolev(optimal(s))'\ntarget='1/i^2'\nassume=['s > 1']"
    ): "5: optimal(...) has no meaning",
    claim(
        QUANTITY + "kernel = 'laplace'\ntarget='eigenvalue(i)'"
    ): "6: eigenvalue(...) has no meaning",
    # optimal
    claim(
        "says = 'optimal(value) + value = O(1)'\nminimise = 'M'\nover = ['M']"
    ): "4: there is no",
    claim("says = 'optimal(M) = O(1)'"): "4: optimal(...) needs minimise and over",
    claim(PLAIN + "minimise = 'M'\nover = ['M']"): "5: minimise has no use",
    claim(MINIMUM + "over = ['N']"): "4: M is neither in over nor value",
    claim(
        MINIMUM + "over = ['M', 'Neff']"
    ): "6: over names sizes or gamma, not Neff; did you mean",
    claim("says = 'optimal(value) = O(1)'\nminimise = 'M'\nover = []"): "6: over is empty",
    claim(
        "says = 'optimal(M) = O(optimal(M))'\nminimise = 'M'\nover = ['M']"
    ): "4: optimal(...) h",
    claim(MINIMUM + "over = ['M']\nsubject_to = 'M*q = C'"): "7: there is no name q here",
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items())
def test_each_kind_of_unusable_file(text: str, expected: str) -> None:
    (found,) = problems(text)
    assert found.startswith(expected)


NOT_TOML = {
    b"paper.key = 'p'\n[[claim]\n": "2: this is not TOML: ",
    b"a = 1\na = 2\n\n": "2: this is not TOML: Cannot overwrite a value",
    b"a = 1\nb = '''\n": "2: this is not TOML: ",
    b'a = 1\n\nb = "x': "3: this is not TOML: ",
    b"a = 1\n\xff = 2": "2: this is not UTF-8",
    b"a = 1\n\nb = " + b"[" * 51: "3: more than 50 brackets inside one another",
    b"a = " + b"{a = " * 60: "1: more than 50 brackets inside one another",
    b"a = 1\n" + b"a." * 10 + b"b = 1": "2: a key of more than 10 parts",
    b"a = 1\nb = " + b"9" * 1001: "2: a number or key of more than 1000 characters",
    b"a = 1\nb = [" + b"1," * (MAX_TOKENS // 2): "2: the file has more than 100000 words, strings",
    b"#" * (MAX_BYTES + 1): "1: the file has 1000001 bytes",
}


@pytest.mark.parametrize(("data", "expected"), NOT_TOML.items(), ids=range(len(NOT_TOML)))
def test_what_is_no_toml_or_over_its_limits(data: bytes, expected: str) -> None:
    (found,) = problems(data)
    assert found.startswith(expected)


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    text = EXAMPLE.replace("approx =", "aprox =").replace('"N_eff"]', '"Neff"]')
    text = text.replace('key = "lin2024"', "").replace('"b = a", "gamma', '"b = q*", "gamma')
    assert [found.split(":")[0] for found in problems(text)] == ["3", "24", "30"]


def test_a_problem_of_the_defaults_is_told_once_and_holds_no_claim_back() -> None:
    text = EXAMPLE.replace('"b > 1"]', '"risk > 1", "b > 1"]')
    assert problems(text) == ["18: risk is a quantity; assume is about parameters and sizes"]


def test_the_list_of_problems_ends() -> None:
    for body in ("".join(f"x{n} = 1\n" for n in range(200)), f"assume = {[1] * 200}"):
        text = claim(PLAIN + body).replace("1, ", "1,\n")
        assert len(problems(text)) == MAX_PROBLEMS


def many_claims(count: int, defaults: str = "", body: str = "says = 'M = O(N)'") -> str:
    """A file whose first claim stands on line 4, each claim on three lines."""
    claims = "".join(f"[[claim]]\nid = 'c{n}'\n{body}\n" for n in range(count))
    return f"paper.key = 'p'\n[defaults]\n{defaults}\n{claims}"


def test_the_number_of_claims_is_limited() -> None:
    assert len(read(many_claims(MAX_CLAIMS))) == MAX_CLAIMS
    (found,) = problems(many_claims(MAX_CLAIMS + 2))
    assert found == f"{4 + 3 * MAX_CLAIMS}: a file may have {MAX_CLAIMS} claims; split it"


def test_expressions_are_limited_in_all() -> None:
    body = "says = 'M = O(" + "N + " * 2000 + "N)'"  # 8,010 characters
    within = MAX_FILE_CHARACTERS // 8010
    assert len(read(many_claims(within, body=body))) == within
    (found,) = problems(many_claims(within + 2, body=body))
    assert found.startswith(
        f"{4 + 3 * within}: the claims up to here have more than {MAX_FILE_CHARACTERS} char"
    )


def test_the_defaults_count_for_each_claim() -> None:
    assume = "assume = [" + "'a > 1'," * 1000 + "]"  # 6,000 characters
    within = MAX_FILE_CHARACTERS // 6010 - 1
    assert len(read(many_claims(within, assume))) == within
    (found,) = problems(many_claims(within + 1, assume))
    assert found.startswith(
        f"{4 + 3 * within}: the claims up to here have more than {MAX_FILE_CHARACTERS} char"
    )
    (found,) = problems(
        many_claims(1, "assume = [" + "'a > 1'," * (MAX_FILE_CHARACTERS // 6 + 1) + "]")
    )
    assert found.startswith(
        f"2: the defaults have more than {MAX_FILE_CHARACTERS} characters of expressions"
    )


def test_no_expression_is_walked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults' expressions are walked once in all, not once for each claim."""
    walked: list[str] = []
    of = ClaimPart.of

    def counted(path: KeyPath, text: str, exprs: Iterable[Expr]) -> ClaimPart:
        walked.append(text)
        return of(path, text, exprs)

    monkeypatch.setattr(ClaimPart, "of", counted)
    body = "says = 'risk = O(N)'\nassume = ['b > a']"
    assert len(read(many_claims(20, "assume = ['a > 1', 'a < 9']\ntarget = 'i^-b'", body))) == 20
    assert Counter(walked) == {
        "a > 1": 1, "a < 9": 1, "spectrum = i^(-a)": 1, "target = i^(-b)": 1, "batch = 1": 1,
        "outputs = 1": 1, "noise = sigma^2": 1, "b > a": 20, "risk = O(N)": 40,
    }  # fmt: skip


def test_problems_travel_between_processes() -> None:
    with pytest.raises(ClaimFileError) as caught:
        parse_claims(claim("says = 'M = O(m'\nassume = ['a > 1/0']").encode(), FILE)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert (copy.file, copy.line) == (FILE, 4)
    assert [p.position for p in copy.problems] == [p.position for p in caught.value.problems]


def test_lists_count_by_their_entries_and_notes_do_not() -> None:
    sizes = "sizes = [" + "'a_long_name'," * (MAX_FILE_CHARACTERS // 12) + "]"
    (found,) = problems(many_claims(1, body=f"says = 'M = O(N)'\n{sizes}"))
    assert found.startswith(f"4: the claims up to here have more than {MAX_FILE_CHARACTERS} char")
    note = f"says = 'M = O(N)'\nnote = '{'x' * MAX_FILE_CHARACTERS}'"
    assert len(read(many_claims(1, body=note))) == 1


def test_a_byte_order_mark_and_other_newlines_do_no_harm() -> None:
    data = b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode()
    assert parse_claims(data, FILE) == parse_claims(EXAMPLE.encode(), FILE)
    text = EXAMPLE.replace("approx =", "aprox =").replace("\n", "\r\n")
    assert problems(text)[0].startswith("24: ")


def test_lines_in_every_way_of_writing_toml() -> None:
    text = '''# [not.this]
top = 1
"quoted \\u006bey" . b = """
[nor.this]
x = 1
""" # nor = 1
list = [ # "]"
  'one', """
""", [
    2.5, {a = 1, b = "}"}],
  ]
[t]
x.y = 1979-05-27T07:32:00Z
x.z = +1e-3
[[a]]
[a.s]
k = 1
[[a.b]]
k = 1
[[a]]
[[a.b]]
k = """\\"""" # a quote
[[a.b]]
k = """"two quotes"""""
m = \'\'\'\'one\'\'\'
'''
    document, lines = read_toml(text, FILE)
    assert document == tomllib.loads(text)
    expected = {
        (): 1, ("top",): 2, ("quoted key",): 3, ("quoted key", "b"): 3, ("list",): 7,
        ("list", 0): 8, ("list", 1): 8, ("list", 2): 9, ("list", 2, 0): 10, ("list", 2, 1): 10,
        ("list", 2, 1, "b"): 10, ("t",): 12, ("t", "x"): 13, ("t", "x", "z"): 14, ("a", 0): 15,
        ("a", 0, "s"): 16, ("a", 0, "s", "k"): 17, ("a", 0, "b", 0): 18,
        ("a", 0, "b", 0, "k"): 19, ("a", 1): 20, ("a", 1, "b", 0): 21, ("a", 1, "b", 0, "k"): 22,
        ("a", 1, "b", 1): 23, ("a", 1, "b", 1, "k"): 24, ("a", 1, "b", 1, "m"): 25,
        ("a", 1, "nowhere"): 20, ("nowhere",): 1,
    }  # fmt: skip
    assert {path: lines.of(path) for path in expected} == expected


@given(claim_files())
@settings(deadline=None, max_examples=50)
def test_valid_files_are_read(data: bytes) -> None:
    result = parse_claims(data, FILE)
    lines = data.decode().split("\n")
    assert all(
        "claim ]" in lines[c.line - 1] or "claim]" in lines[c.line - 1] for c in result.claims
    )
    assert [c.id for c in result.claims] == [f"c{n}" for n in range(len(result.claims))]


@given(claim_file_lines(), st.data())
@settings(deadline=None, max_examples=50)
def test_a_planted_mistake_is_found_on_its_line(lines: list[str], data: st.DataObject) -> None:
    places = [n for n, line in enumerate(lines) if line.startswith(("key", "id", "assume"))]
    place = data.draw(st.sampled_from(places))
    mistake = [*lines[:place], "unknown_key = '''", "'''", *lines[place:]]
    (found,) = problems("\n".join(mistake))
    assert found.startswith(f"{place + 1}: ")
    assert "no key 'unknown_key'" in found


_toml_bits = st.sampled_from(
    ["[paper]\n", "key = 'p'\n", "[[claim]]\n", "[claim]\n", "id = 'c'\n", "says = 'M = O(N)'\n",
     "assume = ['a > 1']\n", "claim = 1\n", "[defaults]\n", "sizes = [", "]", "{", "}", "'", '"""',
     "minimise = 'risk'\n", "over = ['M']\n", "1979-05-27", "= ", "a.b.c", "\n", "0x1F", "inf",
     "target = 'i^-b'\n", "#", "\\u0000", "[[claim.x]]\n", "[a.b]\n", "kernel = ''\n"]
)  # fmt: skip


@given(
    st.binary(max_size=100)
    | damaged(claim_files())
    | st.lists(_toml_bits, max_size=30).map(lambda bits: "".join(bits).encode())
)
@example(b"[paper]\nkey = 'p'\n[[claim]]\nid = 1\nsays = 1\nassume = 1\nover = 1\nminimise = 1")
@example(b"claim = [[1]]")
@example(b"[[claim]]\nid = []")
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_claims_or_problems_with_a_place(data: bytes) -> None:
    try:
        assert parse_claims(data, FILE).claims
    except ClaimFileError as error:
        found = error.problems
    else:
        return
    last = data.count(b"\n") + 1
    assert found
    assert all(1 <= problem.line <= last for problem in found)
    assert all(str(problem).startswith(f"{FILE}:{problem.line}: ") for problem in found)


def test_claims_made_in_python() -> None:
    made = make_claim("approx = Theta(M^(1-a))", ["a > 1", "b = a"], features="top")
    (read_back,) = read(
        "paper.key = 'claim'\n[[claim]]\nid = 'claim'\nsays = 'approx = Theta(M^(1-a))'\n"
        "assume = ['a > 1', 'b = a']\nfeatures = 'top'"
    )
    assert made == read_back
    assert (made.name, made.file, made.line) == ("claim:claim", "", 0)


@pytest.mark.parametrize(
    ("says", "settings", "message"),
    [
        (
            "aprox = O(1)",
            {},
            "there is no name aprox here; did you mean approx?\n  aprox = O(1)\n",
        ),
        ("M = O(1)", {"feature": "top"}, "a claim has no key 'feature'; did you mean features?"),
        ("M = O(1)", {"batch": 1, "outputs": 1}, "batch must be a string in quotes\noutputs must"),
        (3, {}, "says must be a string in quotes"),
    ],
)
def test_claims_that_cannot_be_made(says: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        make_claim(says, **settings)
    assert str(caught.value).startswith(message)
    assert (caught.value.file, caught.value.line) == ("", 0)


def test_names_have_one_meaning() -> None:
    assert not SIZES & QUANTITIES
    assert not (SIZES | QUANTITIES) & FUNCTIONS.keys()
