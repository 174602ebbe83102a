"""The code of docs/clients.md, by the name in its first line."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs/clients.md"
BLOCK = re.compile(r"^```(\w+)\n(?://|#) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets() -> dict[str, str]:
    page = PAGE.read_text()
    found = {name: code for _language, name, code in BLOCK.findall(page)}
    assert len(found) == page.count("\n```") / 2, "every piece of code begins with its name"
    return found


def written(folder: Path) -> Path:
    """The folder, with every piece of code in its place."""
    for name, code in snippets().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    return folder
