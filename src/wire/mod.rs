//! Bytes to model values and back, exactly as the chosen version reads and writes them. Pure.
