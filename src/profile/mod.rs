//! Which server we are: quirks as data, one file per version, inherited and strictly parsed.
