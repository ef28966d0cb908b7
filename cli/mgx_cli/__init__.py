"""mgx: the command line of MGX Agent (HTTP and WebSocket only)."""
