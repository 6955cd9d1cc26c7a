"""The order of a checklist's phases, and that its test records are removed however it ends.

Owns: the order. Does not own: the phases (running.py, limits.py).
"""

from accord.checks.cleaning import Cleaned, clean_up
from accord.checks.course import Course
from accord.checks.limits import Limits
from accord.errors import SystemProblem
from accord.model.records import Side


async def run_all(course: Course, into: Cleaned, keep: bool = False) -> None:
    """Run every phase; ``into`` is told what came of the test records, also when this is interrupted.

    ``keep``: the systems end with the run, so nothing is removed one by one.

    Raises SystemProblem when a system cannot be listed at the beginning.
    """
    running = Limits(course)
    try:
        await running.note_what_is_there()
        await _all(running, course)
    finally:
        if not keep:
            await clean_up(course.bench.hands, course.bench.roll, into)


async def _all(running: Limits, course: Course) -> None:
    """The phases; a system that cannot be asked any more ends them, and the lines that are open then say so."""
    try:
        await running.create()
        await running.silent()
        for side in Side:
            await running.edit(side)
        for side in Side:
            await running.special(side)
            await running.clear(side)
        await running.conflict()
        await running.sweep()
        for side in Side:
            await running.delete(side)
    except SystemProblem as problem:
        course.answers.broken = f"the run broke off: {problem}"
