//! How many seeds are tried, and what a failing one says: the command that repeats it.
//!
//! Ten on every run; `FACOS_SIM_SEEDS=500` for as many (`just sim`), `FACOS_SIM_SEED=17` for that
//! one alone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Tries every seed; one that fails says how to repeat it.
pub fn each(test: &str, run: impl Fn(u64)) {
    for seed in seeds() {
        if let Err(why) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
            eprintln!("repeat it: FACOS_SIM_SEED={seed} cargo test --test sim {test}");
            resume_unwind(why);
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
    };
    match (number("FACOS_SIM_SEED"), number("FACOS_SIM_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(count)) => 0..count,
        (None, None) => 0..10,
    }
}
