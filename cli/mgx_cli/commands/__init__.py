"""The commands, grouped into modules, which are imported when one of their commands is called (``mgx_cli.main``)."""
