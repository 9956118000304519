//! Passwords, hashed and compared with bcrypt as Spring's `BCryptPasswordEncoder` does it.
//!
//! One takes some fifty milliseconds of a core, so none is computed on a thread that serves
//! sockets: each runs on a thread of its own, as many at a time as leave a core to the beats, and
//! the rest waits in the order of arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Spring's strength.
const COST: u32 = 10;
/// Passwords that may wait; whoever comes later is turned away.
const MOST_WAITING: usize = 1_024;
/// What an unknown user's password is compared with, so that it takes as long as a known one's.
const NOBODY: &str = "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu";

/// Computes passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    seats: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// A password was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The thread or the library failed.
    #[error("the password could not be computed")]
    Failed,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let seats = Arc::new(Semaphore::new((cores / 2).max(1)));
        Self { seats, waiting: Arc::default() }
    }
}

impl Passwords {
    /// Whether this password made this hash; without a hash it did not, after the same time.
    pub async fn matches(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.compute(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(NOBODY);
            // What is no bcrypt hash matches nothing.
            bcrypt::verify(password, hash).is_ok_and(|same| same && known)
        })
        .await
    }

    /// A new hash.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let parts = self.compute(move || bcrypt::hash_with_result(password, COST)).await?;
        let parts = parts.map_err(|_| PasswordError::Failed)?;
        Ok(parts.format_for_version(bcrypt::Version::TwoA))
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Place::take(&self.waiting).ok_or(PasswordError::Busy)?;
        let seat = self.seats.clone().acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            work()
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}

/// A place in the queue; given back however the wait ends.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(waiting.clone());
        (before < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hash_of_nacos_s_schema_is_its_user_s_name() {
        let passwords = Passwords::default();
        let matches = |password: &str, hash: Option<&str>| {
            passwords.matches(password.to_owned(), hash.map(str::to_owned))
        };
        assert_eq!(matches("nacos", Some(NOBODY)).await, Ok(true));
        assert_eq!(matches("Nacos", Some(NOBODY)).await, Ok(false));
        assert_eq!(matches("nacos", None).await, Ok(false), "nobody has no password");
        assert_eq!(matches("nacos", Some("plain")).await, Ok(false));
    }

    #[tokio::test]
    async fn a_new_hash_is_written_as_spring_writes_it_and_matches() {
        let passwords = Passwords::default();
        let hash = passwords.hash("pässword".to_owned()).await.unwrap();
        assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
        assert_eq!(passwords.matches("pässword".to_owned(), Some(hash)).await, Ok(true));
    }

    #[test]
    fn whoever_finds_the_queue_full_is_turned_away() {
        let waiting = Arc::new(AtomicUsize::new(MOST_WAITING - 1));
        let last = Place::take(&waiting);
        assert!(last.is_some() && Place::take(&waiting).is_none());
        drop(last);
        assert_eq!(waiting.load(Ordering::Relaxed), MOST_WAITING - 1);
    }
}
