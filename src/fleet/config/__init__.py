"""fleet.yaml and templates, read: from text to `fleet.model.fleet.Fleet`, with the place of every mistake.

`load` is the way in. `document` reads YAML and remembers places, `schema` says which keys there are,
`meaning` checks what no schema can, `explain` words what is wrong, `build` makes the fleet, `templates` finds
agents' prompts, `starter` writes the first fleet.yaml of a project.
"""
