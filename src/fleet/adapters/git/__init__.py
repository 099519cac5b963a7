"""Git: workspaces as clones, the project's repository, merging without a checkout. Git's own CLI does the
work.

Read in this order: command (how git is called), untrusted and lens (how an agent's clone is read without
trusting it), workspaces, take, merge, checkout (the user's own), journal, stage and advance (the checkout
moves along, whatever crashes), repository (all as one port). On the side: project and refs, changes and
history.
"""
