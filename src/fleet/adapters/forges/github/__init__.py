"""GitHub through the user's own gh: REST only, no token of Fleet's own, no webhook, no app.

Read in this order: forge (all verbs at a glance), gh and reply (one request is one process), limits, cache
and requests (one budget for the whole fleet), then poll and what it names: cursor, listing, pulls, history,
telling, pull_telling, facts, commands, checks, pace. Then what Fleet writes there: marks and deeds (how it
knows its own again), show, labels and slips, review and diff_lines, merge, refs. On the side: people (whose
words count), detect (for `fleet doctor`).
"""
