//! Which file is our store: opened, created or refused, and a refused file is left as it was.
//!
//! The table `facos` says what the file is: `format` and `schema`. Later tables (namespaces, users,
//! configuration) stand beside the ones of today; `schema` rises with every change that an older
//! facos would misread or lose.

use super::StoreError;
use super::guard::without_panic;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, TableDefinition, TableError, TableHandle,
};
use std::io::ErrorKind;
use std::path::Path;

/// The file below `--data`.
pub const FILE_NAME: &str = "facos.redb";
/// The schema this facos writes, and the highest it reads.
pub const SCHEMA: u32 = 1;

/// The table that says what the file is.
const ABOUT: TableDefinition<'static, &str, &str> = TableDefinition::new("facos");
const FORMAT_KEY: &str = "format";
const FORMAT: &str = "facos store";
const SCHEMA_KEY: &str = "schema";

/// redb's cache; its own default of 1 GiB is for data sets larger than ours.
const CACHE_BYTES: usize = 16 << 20;

/// What an open redb file turned out to be.
enum Found {
    Ours,
    Empty,
}

/// Looks before it writes: a file with content is first opened for reading only, because opening
/// for writing changes the header even of a file that is then refused. A file that its last owner
/// did not close must be repaired before it can be read, which is what that owner would do.
pub(super) fn open_file(path: &Path) -> Result<Database, StoreError> {
    let length = std::fs::metadata(path).map_or(0, |about| about.len());
    if length > 0 {
        match Builder::new().set_cache_size(CACHE_BYTES).open_read_only(path) {
            Ok(database) => match identify(path, &database)? {
                Found::Ours | Found::Empty => {}
            },
            Err(DatabaseError::RepairAborted) => {}
            Err(error) => return Err(refusal(path, error)),
        }
    }
    let database = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create(path)
        .map_err(|error| refusal(path, error))?;
    if let Found::Empty = identify(path, &database)? {
        initialise(&database).map_err(|error| inaccessible(path, &error.to_string()))?;
    }
    Ok(database)
}

fn identify(path: &Path, database: &impl ReadableDatabase) -> Result<Found, StoreError> {
    let broken = |error: redb::Error| damaged(path, &error.to_string());
    let foreign =
        |reason: &str| StoreError::Foreign { path: path.to_owned(), reason: reason.to_owned() };
    let transaction = database.begin_read().map_err(|error| broken(error.into()))?;
    let mut tables = transaction.list_tables().map_err(|error| broken(error.into()))?;
    let about = match transaction.open_table(ABOUT) {
        Ok(about) => about,
        Err(TableError::TableDoesNotExist(_)) => {
            return match tables.next() {
                None => Ok(Found::Empty),
                Some(table) => {
                    Err(foreign(&format!("a redb file with the table {:?}", table.name())))
                }
            };
        }
        Err(error) => return Err(foreign(&error.to_string())),
    };
    let text = |key: &str| -> Result<String, StoreError> {
        let value = about.get(key).map_err(|error| broken(error.into()))?;
        Ok(value.map_or_else(String::new, |value| value.value().to_owned()))
    };
    let format = text(FORMAT_KEY)?;
    if format != FORMAT {
        return Err(foreign(&format!("its format is {format:?}")));
    }
    let schema = text(SCHEMA_KEY)?;
    match schema.parse::<u32>() {
        Ok(SCHEMA) => Ok(Found::Ours),
        Ok(found) if found > SCHEMA => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA })
        }
        _ => Err(foreign(&format!("its schema is {schema:?}"))),
    }
}

fn initialise(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut about = transaction.open_table(ABOUT)?;
        about.insert(FORMAT_KEY, FORMAT)?;
        about.insert(SCHEMA_KEY, SCHEMA.to_string().as_str())?;
    }
    transaction.commit()?;
    Ok(())
}

/// Runs `work`; a panic of the library means that the file is damaged.
pub(super) fn unpanicked<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    without_panic(work).unwrap_or_else(|reason| Err(damaged(path, &reason)))
}

fn refusal(path: &Path, error: DatabaseError) -> StoreError {
    use redb::StorageError::{Corrupted, Io};
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::Locked { path: path.to_owned() },
        DatabaseError::Storage(Io(error)) if error.kind() == ErrorKind::InvalidData => {
            let reason = "it does not begin like one".to_owned();
            StoreError::Foreign { path: path.to_owned(), reason }
        }
        DatabaseError::Storage(Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
            damaged(path, "it ends too early")
        }
        DatabaseError::Storage(Io(error)) => inaccessible(path, &error.to_string()),
        DatabaseError::Storage(Corrupted(reason)) => damaged(path, &reason),
        error => damaged(path, &error.to_string()),
    }
}

pub(super) fn inaccessible(path: &Path, reason: &str) -> StoreError {
    StoreError::Inaccessible { path: path.to_owned(), reason: reason.to_owned() }
}

pub(super) fn damaged(path: &Path, reason: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), reason: reason.to_owned() }
}
