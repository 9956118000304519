//! Namespaces as the console keeps them (`console/namespaces`).
//!
//! 1.1.4 gives each a random id; since 1.2 the caller chooses one of at most 128 characters, and
//! what does not fit or is taken is answered `false`. Editing or deleting one that is not there is
//! answered `true`.

use crate::model::{ConsoleWrite, Namespace, NamespaceView, Refusal, java};

/// `NAMESPACE_ID_MAX_LENGTH`, UTF-16 units.
const MAX_ID: usize = 128;

/// Every namespace but the public one, in the order of creation.
#[derive(Debug, Default)]
pub struct Namespaces {
    all: Vec<(String, Namespace)>,
}

impl Namespaces {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = NamespaceView<'_>> {
        self.all.iter().map(|(id, namespace)| NamespaceView { id, namespace })
    }

    /// The one of this id.
    ///
    /// # Errors
    /// There is none, on which Nacos stumbles.
    pub fn get(&self, id: &str) -> Result<NamespaceView<'_>, Refusal> {
        self.iter().find(|namespace| namespace.id == id).ok_or_else(Refusal::null_pointer)
    }

    /// Whether there is one of this id.
    pub fn contains(&self, id: &str) -> bool {
        self.iter().any(|namespace| namespace.id == id)
    }

    /// Creates one; nothing is to be stored when the id does not fit or is taken.
    pub fn create(&mut self, id: &str, namespace: Namespace) -> Option<ConsoleWrite> {
        if !fits(id) || self.contains(id) {
            return None;
        }
        self.all.push((id.to_owned(), namespace.clone()));
        Some(ConsoleWrite::Namespace { id: id.to_owned(), namespace: Some(namespace) })
    }

    /// Gives one another name and description, if it is there.
    pub fn edit(
        &mut self,
        id: &str,
        show_name: String,
        description: Option<String>,
    ) -> Option<ConsoleWrite> {
        let (id, namespace) = self.all.iter_mut().find(|(known, _)| known == id)?;
        namespace.show_name = show_name;
        namespace.description = description;
        Some(ConsoleWrite::Namespace { id: id.clone(), namespace: Some(namespace.clone()) })
    }

    /// Removes one, if it is there. What lives in it stays.
    pub fn delete(&mut self, id: &str) -> Option<ConsoleWrite> {
        let at = self.all.iter().position(|(known, _)| known == id)?;
        let (id, _) = self.all.remove(at);
        Some(ConsoleWrite::Namespace { id, namespace: None })
    }

    /// Puts back what a store kept; stores have an order of their own.
    pub(super) fn restore(&mut self, id: String, namespace: Namespace) {
        let created = |(_, other): &(String, Namespace)| other.created <= namespace.created;
        let at = self.all.partition_point(created);
        self.all.insert(at, (id, namespace));
    }
}

/// `[\w-]+` and not too long.
fn fits(id: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !id.is_empty() && id.len() <= MAX_ID && id.chars().all(word)
}

/// The id for what a caller asks: trimmed, or `fresh` when it is blank.
pub fn chosen_id<'a>(asked: &'a str, fresh: &'a str) -> &'a str {
    if java::is_blank(asked) { fresh } else { java::trim(asked) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn named(name: &str, created: u64) -> Namespace {
        Namespace { show_name: name.to_owned(), description: None, created: Millis(created) }
    }

    #[test]
    fn ids_that_do_not_fit_or_are_taken_create_nothing() {
        let mut namespaces = Namespaces::default();
        for bad in ["", "a b", "a!", "é", "a/b", &"x".repeat(129)] {
            assert_eq!(namespaces.create(bad, named("n", 1)), None, "{bad}");
        }
        let write = namespaces.create("a-1", named("n", 1));
        let expected =
            ConsoleWrite::Namespace { id: "a-1".to_owned(), namespace: Some(named("n", 1)) };
        assert_eq!(write, Some(expected));
        assert_eq!(namespaces.create("a-1", named("m", 2)), None);
        assert!(namespaces.create(&"x".repeat(128), named("n", 3)).is_some());
    }

    #[test]
    fn what_is_not_there_is_neither_edited_nor_deleted() {
        let mut namespaces = Namespaces::default();
        assert_eq!(namespaces.edit("a", "n".to_owned(), None), None);
        assert_eq!(namespaces.delete("a"), None);
        assert!(namespaces.get("a").is_err());
        namespaces.create("a", named("n", 1));
        assert!(namespaces.edit("a", "m".to_owned(), Some("d".to_owned())).is_some());
        assert_eq!(namespaces.get("a").unwrap().namespace.show_name, "m");
        assert!(namespaces.delete("a").is_some());
        assert!(!namespaces.contains("a"));
    }

    #[test]
    fn restored_ones_stand_in_the_order_of_their_creation() {
        let mut namespaces = Namespaces::default();
        for (id, created) in [("b", 2), ("a", 3), ("c", 1)] {
            namespaces.restore(id.to_owned(), named(id, created));
        }
        let ids: Vec<&str> = namespaces.iter().map(|view| view.id).collect();
        assert_eq!(ids, ["c", "b", "a"]);
    }
}
