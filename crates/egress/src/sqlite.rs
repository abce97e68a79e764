//! SQLite databases with messages in their columns: a copy, with the clear text in place (EGR-13, EGR-28, EGR-54).
//!
//! What is opened is a private copy, never the input. A database may come from anybody: no extension is loaded, nothing in its schema
//! is trusted, no trigger fires, and nothing but its ordinary tables is written to.

use crate::fields::Reading;
use crate::ledger::Status;
use crate::messages::{self, Fault, NotText, Opener, RawSession, Rewritten};
use crate::scan;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params_from_iter};
use sealwright_envelope::message::Message;
use sealwright_types::{SessionId, b64};
use std::ffi::OsString;
use std::io;
use std::path::Path;

mod tables;

use tables::{Column, Table};

/// The largest value that is read, in bytes.
const LARGEST_VALUE: u64 = 16 * 1024 * 1024;
/// The largest row that is written, in bytes.
const LARGEST_ROW: i32 = 48 * 1024 * 1024;
/// Rows that are read at once, and bytes of values after which no further row is.
const ROWS: usize = 256;
const BYTES: usize = 4 * 1024 * 1024;

/// Why a database could not be rewritten.
#[derive(Debug)]
pub(crate) enum DatabaseError {
    /// It is none, or it is damaged.
    Malformed,
    /// Something else failed.
    Io(io::Error),
}

/// Replaces the messages in the database at `path`, which is a private copy, and tells how its rows ended. Rows count over the tables in the
/// order of their names.
pub(crate) fn rewrite<'a>(
    path: &Path,
    mut done: Rewritten<'a>,
    opener: &mut Opener<'_>,
    reading: Reading<'_>,
) -> Result<Rewritten<'a>, DatabaseError> {
    let length = std::fs::metadata(path)?.len();
    let connection = open(path, Access::Own)?;
    let tables = Table::all(&connection, reading.fields, &mut done.warnings)?;
    for table in &tables {
        let mut rows = Rows::new(&connection, table, length)?;
        loop {
            let batch = rows.next_batch()?;
            if batch.is_empty() {
                break;
            }
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for row in batch {
                let replaced = Replacing { connection: &connection, table, reading }.replace(&row, opener)?;
                done.chain |= replaced.chain;
                done.count(&replaced.faults, replaced.opened)?;
            }
            connection.execute_batch("COMMIT")?;
        }
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(done)
}

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Somebody else's, which nothing may change.
    Immutable,
    /// A private copy.
    Own,
}

/// Gives the sessions whose messages stand in the database at `path` to `take`.
pub(crate) fn sessions(
    path: &Path,
    access: Access,
    reading: Reading<'_>,
    take: &mut dyn FnMut(SessionId),
) -> Result<(), DatabaseError> {
    let length = std::fs::metadata(path)?.len();
    let connection = open(path, access)?;
    for table in &Table::all(&connection, reading.fields, &mut Vec::new())? {
        let mut rows = Rows::new(&connection, table, length)?;
        loop {
            let batch = rows.next_batch()?;
            if batch.is_empty() {
                break;
            }
            for row in &batch {
                for (_, message) in row.messages(table, reading) {
                    message.iter().map(Message::session).for_each(&mut *take);
                }
            }
        }
    }
    Ok(())
}

/// Names a database as one that nothing changes: it is read without locks and without files beside it.
fn immutable(path: &Path) -> OsString {
    let escaped = path.as_os_str().as_encoded_bytes().iter().map(|byte| match byte {
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    format!("file:{}?immutable=1", escaped.collect::<String>()).into()
}

/// Opens a database that nobody trusts.
fn open(path: &Path, access: Access) -> Result<Connection, DatabaseError> {
    let (path, mode) = match access {
        Access::Immutable => (immutable(path), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI),
        Access::Own => (path.into(), OpenFlags::SQLITE_OPEN_READ_WRITE),
    };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, LARGEST_ROW),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    ] {
        connection.set_db_config(setting, value)?;
    }
    // What a check of the schema says of sealed text need not hold for clear text; the copy is thrown away unless everything went well.
    connection.execute_batch(
        "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY;
         PRAGMA synchronous=OFF; PRAGMA ignore_check_constraints=ON; PRAGMA locking_mode=EXCLUSIVE;",
    )?;
    if access == Access::Own {
        // What a write-ahead log holds comes into the file itself.
        let _: String = connection.query_row("PRAGMA journal_mode=DELETE", [], |row| row.get(0))?;
    }
    Ok(connection)
}

/// The rows of a table in the order of their keys, some at once.
struct Rows<'a> {
    connection: &'a Connection,
    table: &'a Table,
    after: Option<Vec<Value>>,
    /// A row takes a byte at least: more rows than this are in no sound database.
    left: u64,
}

/// A row that has been read.
struct Row {
    key: Vec<Value>,
    /// A value for each column of the table that is looked at, and for the two with a meaning of their own.
    values: Vec<Cell>,
}

/// A value, as far as it may be a message.
enum Cell {
    Text(Vec<u8>),
    Blob(Vec<u8>),
    /// A text that is too large to be read, or a BLOB that may be one.
    TooLarge,
    /// Any other large BLOB.
    Large,
    Null,
    Other,
}

impl<'a> Rows<'a> {
    fn new(connection: &'a Connection, table: &'a Table, length: u64) -> Result<Self, DatabaseError> {
        Ok(Self { connection, table, after: None, left: length })
    }

    fn next_batch(&mut self) -> Result<Vec<Row>, DatabaseError> {
        let mut statement = self.connection.prepare_cached(&self.table.select(self.after.is_some(), ROWS))?;
        let mut rows = statement.query(params_from_iter(self.after.iter().flatten()))?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BYTES {
            let Some(row) = rows.next()? else { break };
            let keys = self.table.key.len();
            let key = (0..keys).map(|index| row.get(index)).collect::<Result<Vec<Value>, _>>()?;
            let mut values = Vec::with_capacity(self.table.columns.len());
            for index in 0..self.table.columns.len() {
                let cell = match row.get_ref(keys + index)? {
                    ValueRef::Text(text) => Cell::Text(text.to_vec()),
                    ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(TOO_LARGE) => Cell::TooLarge,
                    ValueRef::Integer(LARGE_BLOB) => self.large_blob(index, &key)?,
                    ValueRef::Integer(_) | ValueRef::Real(_) => Cell::Other,
                };
                bytes += cell.length();
                values.push(cell);
            }
            batch.push(Row { key, values });
        }
        self.left = self.left.checked_sub(batch.len() as u64).ok_or(DatabaseError::Malformed)?;
        if let Some(last) = batch.last() {
            self.after = Some(last.key.clone());
        }
        Ok(batch)
    }

    /// What a BLOB is that is too large to be read at once: a photograph, or a message. Where it cannot be looked at it may be one.
    fn large_blob(&self, column: usize, key: &[Value]) -> Result<Cell, DatabaseError> {
        let column = self.table.columns.get(column).filter(|column| column.is_looked_at);
        let Some(column) = column else { return Ok(Cell::Large) };
        let [Value::Integer(row)] = key else { return Ok(Cell::TooLarge) };
        if self.table.without_rowid {
            return Ok(Cell::TooLarge);
        }
        let mut blob = self.connection.blob_open("main", self.table.name.as_str(), column.name.as_str(), *row, true)?;
        let is_message = scan::is_large_message(&mut blob).map_err(|_| DatabaseError::Malformed)?;
        Ok(if is_message { Cell::TooLarge } else { Cell::Large })
    }
}

/// What a text that is too large is selected as, and what a BLOB.
const TOO_LARGE: i64 = 1;
const LARGE_BLOB: i64 = 2;

impl Cell {
    fn length(&self) -> usize {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len(),
            Self::TooLarge | Self::Large | Self::Null | Self::Other => 0,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => std::str::from_utf8(bytes).ok(),
            Self::TooLarge | Self::Large | Self::Null | Self::Other => None,
        }
    }
}

impl Row {
    fn messages<'a>(
        &'a self,
        table: &'a Table,
        reading: Reading<'a>,
    ) -> impl Iterator<Item = (usize, Result<Message, Fault>)> + 'a {
        let named = !reading.fields.columns.is_empty();
        let session = table.session.and_then(|index| self.values.get(index)?.text()?.trim().parse().ok());
        let session = RawSession::new(session, reading);
        let looked_at =
            self.values.iter().zip(&table.columns).enumerate().filter(|(_, (_, column))| column.is_looked_at);
        looked_at.filter_map(move |(index, (cell, _))| {
            let may_be_raw = named && session != RawSession::NotExpected;
            if matches!(cell, Cell::TooLarge) || (may_be_raw && matches!(cell, Cell::Large)) {
                return Some((index, Err(Fault::malformed("too-large"))));
            }
            let text = cell.text()?;
            let found = if named { messages::find_in_named(text, session) } else { messages::find(text) };
            Some((index, found?))
        })
    }
}

/// What became of a row.
#[derive(Default)]
struct Replaced {
    faults: Vec<Fault>,
    opened: bool,
    chain: bool,
}

struct Replacing<'a> {
    connection: &'a Connection,
    table: &'a Table,
    reading: Reading<'a>,
}

impl Replacing<'_> {
    fn replace(&self, row: &Row, opener: &mut Opener<'_>) -> Result<Replaced, DatabaseError> {
        let mut done = Replaced::default();
        let mut binary = self.table.binary.filter(|&index| matches!(row.values.get(index), Some(Cell::Null)));
        for (index, message) in row.messages(self.table, self.reading) {
            let (Some(cell), Some(column)) = (row.values.get(index), self.table.columns.get(index)) else { continue };
            let clear = match opener.open(message)? {
                Ok(clear) => clear,
                Err(fault) => {
                    done.faults.push(fault);
                    continue;
                }
            };
            let (session, chain) = (clear.session, clear.chain);
            let fault = |error| Fault { session: Some(session), status: Status::Closed, error };
            let written = match (cell, clear.into_text()) {
                // Bytes may be any bytes.
                (Cell::Blob(_), Ok(text)) => self.update(column, Value::Blob(text.into_bytes()), row)?,
                (Cell::Blob(_), Err(NotText { bytes, .. })) => self.update(column, Value::Blob(bytes), row)?,
                (_, Ok(text)) => self.update(column, Value::Text(text), row)?,
                (_, Err(NotText { bytes, fault })) => {
                    let free = binary.take().and_then(|index| self.table.columns.get(index));
                    let Some(free) = free else {
                        done.faults.push(fault);
                        continue;
                    };
                    self.update(free, Value::Text(b64::encode(&bytes)), row)?
                }
            };
            match written {
                Ok(()) => {
                    done.opened = true;
                    done.chain |= chain;
                }
                Err(error) => done.faults.push(fault(error)),
            }
        }
        Ok(done)
    }

    /// Writes a value; the inner error says why this database does not take it.
    fn update(&self, column: &Column, value: Value, row: &Row) -> Result<Result<(), &'static str>, DatabaseError> {
        if column.is_key {
            return Ok(Err("key-column"));
        }
        let is_text = matches!(value, Value::Text(_));
        let mut statement = match self.connection.prepare_cached(&self.table.update(column)) {
            Ok(statement) => statement,
            // Such as an index over a function that is not there.
            Err(error) if DatabaseError::is_of_schema(&error) => return Ok(Err("not-writable")),
            Err(error) => return Err(error.into()),
        };
        let parameters = std::iter::once(&value).chain(&row.key);
        let kept: Option<bool> = match statement.query_row(params_from_iter(parameters), |row| row.get(0)).optional() {
            Ok(kept) => kept,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Ok(Err("constraint"));
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::TooBig) => return Ok(Err("too-large")),
            Err(error) if DatabaseError::is_of_schema(&error) => return Ok(Err("not-writable")),
            Err(error) => return Err(error.into()),
        };
        match kept {
            Some(true) => Ok(Ok(())),
            // A column for numbers has made a number of the text.
            Some(false) if is_text => {
                self.restore(column, row)?;
                Ok(Err("number-column"))
            }
            Some(false) | None => Err(DatabaseError::Malformed),
        }
    }

    fn restore(&self, column: &Column, row: &Row) -> Result<(), DatabaseError> {
        let index = self.table.columns.iter().position(|other| std::ptr::eq(other, column));
        let former = match index.and_then(|index| row.values.get(index)) {
            Some(Cell::Text(text)) => {
                Value::Text(String::from_utf8(text.clone()).map_err(|_| DatabaseError::Malformed)?)
            }
            Some(Cell::Null) => Value::Null,
            _ => return Err(DatabaseError::Malformed),
        };
        let mut statement = self.connection.prepare_cached(&self.table.update(column))?;
        let parameters = std::iter::once(&former).chain(&row.key);
        let _: Option<bool> = statement.query_row(params_from_iter(parameters), |row| row.get(0)).optional()?;
        Ok(())
    }
}

impl DatabaseError {
    /// Whether a statement failed because of what the schema asks for.
    fn is_of_schema(error: &rusqlite::Error) -> bool {
        error.sqlite_error_code() == Some(ErrorCode::Unknown) || matches!(error, rusqlite::Error::SqlInputError { .. })
    }
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What the system did not do is told apart from what is wrong with the database. No message of SQLite is kept: it may quote values.
impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly,
            ) => Self::Io(io::Error::other("the private copy of the database cannot be read or written")),
            Some(ErrorCode::DiskFull) => Self::Io(io::ErrorKind::StorageFull.into()),
            Some(ErrorCode::OutOfMemory) => Self::Io(io::ErrorKind::OutOfMemory.into()),
            _ => Self::Malformed,
        }
    }
}
