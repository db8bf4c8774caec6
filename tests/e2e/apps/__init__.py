"""Small applications for the end-to-end tests; each docstring names the behaviour."""
