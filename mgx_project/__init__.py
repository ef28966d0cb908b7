"""The roof: settings, routing, health and the embedded servers. Domain rules live in the apps, shared plumbing in `common`."""
