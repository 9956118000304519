//! Which file is our store: opened, created or refused, and a refused file is left as it was.
//!
//! The table `facos` says what the file is: `format` and `schema`. Later tables (namespaces, users,
//! configuration) stand beside the ones of today; `schema` rises with every change that an older
//! facos would misread or lose.

use super::StoreError;
use super::guard::without_panic;
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, TableDefinition,
    TableError, TableHandle,
};
use std::fs::OpenOptions;
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

/// Where redb's header has its flags (redb's docs/design.md, "God byte"), and one of them.
const FLAGS_OFFSET: usize = 9;
const RECOVERY_REQUIRED: u8 = 2;
/// redb's cache; its own default of 1 GiB is for data sets larger than ours.
const CACHE_BYTES: usize = 16 << 20;

/// What an open redb file turned out to be.
enum Found {
    Ours,
    Empty,
}

/// What redb held for free in a file, beside what follows from the pages in use.
enum FreePages {
    AsRebuilt,
    /// So it is of every full file that was closed properly: redb lets it grow when it opens it and
    /// counts that only in memory. What is stored is whole.
    Differ,
}

/// Looks before it writes: under the file's lock, what is there is checked in a copy in memory,
/// because opening changes the header even of a file that is then refused.
pub(super) fn open_file(path: &Path) -> Result<Database, StoreError> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|error| inaccessible(path, &error.to_string()))?;
    let file = FileBackend::new(file).map_err(|error| refusal(path, error))?;
    let content = read_all(&file).map_err(|error| inaccessible(path, &error.to_string()))?;
    let free_pages = match content.is_empty() {
        true => FreePages::AsRebuilt,
        false => verify_copy(path, content)?,
    };
    let mut database = builder().create_with_backend(file).map_err(|error| refusal(path, error))?;
    if let FreePages::Differ = free_pages {
        database.check_integrity().map_err(|error| refusal(path, error))?;
    }
    if let Found::Empty = identify(path, &database)? {
        initialise(&database).map_err(|error| inaccessible(path, &error.to_string()))?;
    }
    Ok(database)
}

fn read_all(file: &FileBackend) -> Result<Vec<u8>, std::io::Error> {
    let length = usize::try_from(file.len()?).map_err(|_| ErrorKind::FileTooLarge)?;
    let mut content = vec![0; length];
    file.read(0, &mut content)?;
    Ok(content)
}

/// Opens a copy as after a crash, whoever wrote it last, so that redb looks at its header with
/// more distrust than at one that was closed properly; then every page's checksum is verified. A
/// wrong one is an error; `false` speaks of the free pages alone, which redb then finds anew, so
/// that a second look must be content.
fn verify_copy(path: &Path, mut content: Vec<u8>) -> Result<FreePages, StoreError> {
    // No disk is involved in a copy: an error of reading is a page number that leads nowhere.
    let broken = |error: DatabaseError| match refusal(path, error) {
        StoreError::Inaccessible { reason, .. } => damaged(path, &reason),
        refusal => refusal,
    };
    if let Some(flags) = content.get_mut(FLAGS_OFFSET) {
        *flags |= RECOVERY_REQUIRED;
    }
    let memory = InMemoryBackend::new();
    memory
        .set_len(content.len() as u64)
        .and_then(|()| memory.write(0, &content))
        .map_err(|error| inaccessible(path, &error.to_string()))?;
    drop(content);
    let mut copy = builder().create_with_backend(memory).map_err(broken)?;
    identify(path, &copy)?;
    if copy.check_integrity().map_err(broken)? {
        return Ok(FreePages::AsRebuilt);
    }
    match copy.check_integrity().map_err(broken)? {
        true => Ok(FreePages::Differ),
        false => Err(damaged(path, "its free pages do not match its tables")),
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
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
