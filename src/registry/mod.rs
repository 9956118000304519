//! What the server remembers and what follows from it. Pure: time comes in as an argument, effects go out as values.
