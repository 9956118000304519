//! Plays recorded transcripts against any server and reports every difference.
