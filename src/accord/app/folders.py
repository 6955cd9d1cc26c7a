"""What the commands ask of a folder of files before it takes part: a first manifest of them.

Owns: looking into it for that. Does not own: the draft (config/drafting_files.py).
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.config.drafting import Draft


def draft_folder(folder: Path, target: Path, name: str | None) -> "Draft":
    """A first manifest of a folder's files. Raises ConfigurationError where there is nothing to draft, UsageError for what is no folder."""
    from accord.config.drafting_files import draft_from_files
    from accord.connectors.files_survey import survey_folder
    from accord.errors import UsageError

    try:
        found = survey_folder(folder)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}", "Name a folder with .csv, .jsonl or .xlsx files.") from None
    system = name or re.sub(r"[^a-z0-9-]+", "-", folder.resolve().name.lower()).strip("-") or "files"
    place = os.path.relpath(folder.resolve(), target.resolve().parent)
    return draft_from_files(found, str(target), system, place)
