"""What all pages of the web application share: the layout, its style and its small modules. Pages are in `<app>/web/`."""
