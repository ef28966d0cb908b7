"""The part of the web application that belongs to nobody else: signing in and out, who is asking, and the choice of a workspace."""
