"""The only place where parts are joined: clocks, ids, secrets, connectors, store and engine."""
