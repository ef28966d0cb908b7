"""Git by its command line: reaching a remote safely, mirrors of it, a run's own checkout, merging, signing, pushing."""
