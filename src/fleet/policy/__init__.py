"""The rules, pure: what is true (`fold`) and what follows from it (`decide`). Read `decide` first."""
