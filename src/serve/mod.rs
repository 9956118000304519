//! Nodes and edges started from a configuration; the in-process test server.
