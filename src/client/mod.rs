//! A raw Nacos client: sends what it is given and returns the bytes that came back.
