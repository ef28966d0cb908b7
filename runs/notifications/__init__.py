"""What a run says on its hosting service: the body of its pull request, its status comment, replies to people."""
