"""Records as the documents of GitHub's published REST description. Nothing here decides anything."""
