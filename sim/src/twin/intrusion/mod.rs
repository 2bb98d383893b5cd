//! Intruders: where they cross, which way they take, and what comes of it.
