"""The command line: `root` finds the verb, each verb is one file, `output` draws."""
