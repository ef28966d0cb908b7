"""What a run says on GitHub: the body of its pull request, its status comment, replies to people."""
