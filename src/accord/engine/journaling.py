"""The journal step: a batch's intents become durable before any call.

Owns: nothing but the order. Losing values are in the intents (Change.replaced), so they are durable before they are overwritten (P17).
"""

from accord.engine.parts import Engine
from accord.engine.preparing import Work
from accord.model.runs import Run


async def journal(engine: Engine, run: Run, work: Work) -> None:
    """Write down what is going to be written. Raises StoreError, and then nothing is sent."""
    operations = [operation for planned in work.planned for operation in planned.operations]
    if operations:
        await engine.keep(engine.store.intend, run.id, engine.now(), operations)
