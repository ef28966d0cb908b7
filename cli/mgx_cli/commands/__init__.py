"""The commands, a module per kind. A module is imported when one of its commands is called; see ``mgx_cli.main``."""
