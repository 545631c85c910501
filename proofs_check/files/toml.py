"""TOML with the line of every key, which the standard library's reader does not tell.

The text is cut into tokens first.  Up to the first error of a text the tokens are exact, and
what would make the standard reader slow or exhaust its stack (deep brackets, keys of many
parts, very long numbers, very many tokens) is refused on them.  Then `tomllib` reads the text,
and only a text that it accepts is walked for the lines, so that the walk need not check anything
again.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, NamedTuple

from ratecert.proofs_check.language.errors import UserError

__all__ = [
    "MAX_BRACKETS",
    "MAX_KEY_PARTS",
    "MAX_TOKENS",
    "MAX_WORD",
    "KeyPath",
    "Lines",
    "read_toml",
]

MAX_BRACKETS = 50
"""Most brackets and braces inside one another."""
MAX_KEY_PARTS = 10
"""Most parts of a dotted key."""
MAX_WORD = 1_000
"""Longest number or bare key, in characters."""

MAX_TOKENS = 100_000
"""Most words, strings, symbols and ends of lines of a text."""

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the root, such as ``("claim", 0, "says")``."""


class Lines:
    """The lines (from 1) on which the parts of a TOML text begin."""

    def __init__(self, lines: dict[KeyPath, int]):
        self._lines = lines

    def of(self, path: KeyPath) -> int:
        """Return the line of the part, or of the closest part around it that is written out."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)


def read_toml(text: str, file: str) -> tuple[dict[str, Any], Lines]:
    """Return the document and the lines of its parts.

    Raises
    ------
    UserError
        Where the text is not TOML or is over a limit, with the file and the line.
    """
    tokens = _tokens(text, file)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rpartition(" (at ")
        number = re.match(r"line (\d+)", place)
        line = int(number[1]) if number else text.rstrip("\n").count("\n") + 1
        raise UserError(f"this is not TOML: {reason}", file, line) from None
    return document, Lines(_Walk(tokens).lines())


# Tokens.

_TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t\r\n]++|\#[^\n]*+)++)|(?P<word>[A-Za-z0-9_+:-]+)"""
    r"""|(?P<quote>\"{3}|'{3}|["'])|(?P<symbol>.)"""
)
_STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]++|\\.|""?(?!"))*+"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']++|''?(?!'))*+'{3,5}"),
    '"': re.compile(r'"(?:[^"\\\n]++|\\[^\n])*+"'),
    "'": re.compile(r"'[^'\n]*+'"),
}


class _Token(NamedTuple):
    text: str
    line: int


def _tokens(text: str, file: str) -> list[_Token]:
    """Return words, strings, symbols and newlines, up to a string that does not end."""
    tokens: list[_Token] = []
    position, line, depth, parts = 0, 1, 0, 0
    while match := _TOKEN.match(text, position):
        kind, token = match.lastgroup, match[0]
        if kind == "quote":
            string = _STRINGS[token].match(text, position)
            if not string:
                break
            match, token = string, string[0]
        position = match.end()
        newlines = token.count("\n")
        if kind != "blank":
            tokens.append(_Token(token, line))
        elif newlines:
            tokens.append(_Token("\n", line))
        depth += (token in ("[", "{")) - (token in ("]", "}"))
        parts += token == "."
        if (kind == "symbol" and token != ".") or (kind == "blank" and newlines):
            parts = 0
        if depth > MAX_BRACKETS:
            raise UserError(f"more than {MAX_BRACKETS} brackets inside one another", file, line)
        if parts >= MAX_KEY_PARTS:
            raise UserError(f"a key of more than {MAX_KEY_PARTS} parts", file, line)
        if kind == "word" and len(token) > MAX_WORD:
            raise UserError(f"a number or key of more than {MAX_WORD} characters", file, line)
        if len(tokens) > MAX_TOKENS:
            raise UserError(
                f"the file has more than {MAX_TOKENS} words, strings and symbols; split it",
                file,
                line,
            )
        line += newlines
    return [*tokens, _Token("\n", line)]


# The walk over the tokens of a valid text.


class _Walk:
    def __init__(self, tokens: list[_Token]):
        self._tokens = tokens
        self._next = 0
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}

    def lines(self) -> dict[KeyPath, int]:
        """Return the line of every table, key and list element."""
        base: KeyPath = ()
        while self._next < len(self._tokens):
            match self._tokens[self._next].text:
                case "\n":
                    self._next += 1
                case "[":
                    base = self._header()
                case _:
                    self._pair(base)
        return self._lines

    def _header(self) -> KeyPath:
        """Step over ``[a.b]`` or ``[[a.b]]`` and return the path of the table it opens."""
        line = self._tokens[self._next].line
        brackets = 2 if self._tokens[self._next + 1].text == "[" else 1
        self._next += brackets
        path: KeyPath = ()
        for part in self._key():
            # A list of tables on the way stands for its last table.
            path = (*path, self._tables[path] - 1, part) if path in self._tables else (*path, part)
        self._next += brackets
        if brackets == 2:
            self._lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, 0) + 1
            path = (*path, self._tables[path] - 1)
        self._lines[path] = line
        return path

    def _pair(self, base: KeyPath) -> None:
        """Step over ``a.b = value``."""
        line = self._tokens[self._next].line
        path = base
        for part in self._key():
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._next += 1
        self._value(path)

    def _key(self) -> list[str]:
        """Step over a dotted key and return its parts."""
        parts = [_unquoted(self._tokens[self._next].text)]
        while self._tokens[self._next + 1].text == ".":
            self._next += 2
            parts.append(_unquoted(self._tokens[self._next].text))
        self._next += 1
        return parts

    def _value(self, path: KeyPath) -> None:
        opening = self._tokens[self._next].text
        if opening not in ("[", "{"):
            while self._tokens[self._next].text not in ("\n", ",", "]", "}"):
                self._next += 1
            return
        self._next += 1
        index = 0
        while (token := self._tokens[self._next]).text not in ("]", "}"):
            if token.text in ("\n", ","):
                self._next += 1
            elif opening == "{":
                self._pair(path)
            else:
                self._lines[*path, index] = token.line
                self._value((*path, index))
                index += 1
        self._next += 1


def _unquoted(key: str) -> str:
    """Return the key that a bare word or a quoted string stands for."""
    if key[0] not in "\"'":
        return key
    return str(tomllib.loads(f"key = {key}")["key"])
