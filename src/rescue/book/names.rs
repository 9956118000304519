//! Texts by number: each is kept once.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// The texts.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Box<str>>,
    table: HashTable<u32>,
}

impl Names {
    /// The number of a text, which is kept.
    pub fn number(&mut self, text: &str) -> u32 {
        let texts = &self.texts;
        let hash = FxBuildHasher.hash_one(text);
        if let Some(number) = self.table.find(hash, |number| &*texts[*number as usize] == text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("instances are bounded below that");
        self.texts.push(text.into());
        let texts = &self.texts;
        self.table.insert_unique(hash, number, |number| {
            FxBuildHasher.hash_one(&*texts[*number as usize])
        });
        number
    }

    /// The text of a number that was given here.
    pub fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}
