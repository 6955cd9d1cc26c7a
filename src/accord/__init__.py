"""Accord keeps two business systems in step, whichever side is edited.

The rooms and who may import whom stand in ARCHITECTURE.md; the words in docs/reference/glossary.md.
Start reading at accord/engine/cycle.py: the eight steps on one screen.
"""

__version__ = "0.1.0"
