"""The dashboard: the project on one screen of a terminal, live. Only this part knows Textual."""
