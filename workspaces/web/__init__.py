"""The web application's own part of workspaces: signing in and out, who is asking, and the choice of a workspace."""
