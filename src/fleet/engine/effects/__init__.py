"""The deeds: a file each, a coroutine `(parts, state, wish) -> events`. Each may be done again."""
