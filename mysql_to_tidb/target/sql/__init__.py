"""The statements that keep the state of jobs, by file and name: each follows a line `-- name: what it is for`."""

import re
from functools import cache
from importlib.resources import files

_HEADING = re.compile(r"^-- ([a-z_]+): .*$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """The statements of `<file>.sql` in their order; placeholders are those of PyMySQL, `%(name)s`."""
    _, *parts = _HEADING.split(files(__name__).joinpath(f"{file}.sql").read_text("utf-8"))
    return {name: text.strip().removesuffix(";") for name, text in zip(parts[::2], parts[1::2], strict=True)}
