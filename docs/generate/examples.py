"""Pages that show the output of their commands as text, such as the README: run them again.

    python -m generate.examples README.md     # from docs/; puts today's output into the page

A block of ``console`` holds commands after ``$``, each followed by what it printed.  A comment
before a block says what cannot be seen: ``<!-- file: NAME -->`` that the block is a file to put
into the folder, ``<!-- status: N -->`` that the commands end with that status, and
``<!-- not run -->`` that the block is left alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from generate.console import Session

__all__ = ["rewritten"]

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"(?:<!-- (?P<how>file|status|not run)(?:: (?P<what>\S+))? -->\n)?"
    r"```(?P<language>\w+)\n(?P<body>.*?)```\n",
    re.DOTALL,
)


def rewritten(page: str) -> str:
    """Return the page with the output that its commands have today.

    Raises
    ------
    ValueError
        Where a command ends with another status than the page says.
    """
    session = Session()
    (session.folder / "run.py").symlink_to(ROOT / "run.py")
    try:
        return _BLOCK.sub(lambda match: _block(match, session), page)
    finally:
        session.close()


def _block(match: re.Match[str], session: Session) -> str:
    if match["how"] == "file":
        session.put(match["what"], match["body"])
    if match["language"] != "console" or match["how"] == "not run":
        return match[0]
    wanted = int(match["what"]) if match["how"] == "status" else 0
    shown = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", match["body"], re.MULTILINE):
        ran = session.run(command)
        if ran.status != wanted:
            raise ValueError(f"`{command}` ended with status {ran.status}, not {wanted}:\n"
                             f"{ran.output}")  # fmt: skip
        shown.append(f"$ {command}\n{ran.output}")
    return match[0].replace(match["body"], "\n".join(shown))


def main() -> None:
    """Bring the pages named on the command line up to date."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
