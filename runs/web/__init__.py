"""Runs in the web application: the inbox, a run's page, the list, and the form for a task.

Pages are read here; every act goes through the REST API, with the session of the page.
"""
