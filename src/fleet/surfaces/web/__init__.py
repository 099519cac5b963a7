"""The web page: the project's log as pages that stay true while one looks at them, and answers to it.

`projection` folds the log as it grows, `pages/` draw what is true, `channels` send what has changed to the
browsers that look, `guard` lets only this person's own browser in, `acting` is what its forms do.
"""
