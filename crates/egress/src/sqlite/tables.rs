//! Which tables and columns of a database may hold messages, and the statements that read and write them.

use super::{DatabaseError, LARGE_BLOB, LARGEST_VALUE, TOO_LARGE};
use crate::fields::Fields;
use rusqlite::{Connection, Row};

/// An ordinary table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Whether its rows have keys of their own and no numbers.
    pub(super) without_rowid: bool,
    /// The names, quoted, of what tells its rows apart.
    pub(super) key: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Which column names the session of raw messages.
    pub(super) session: Option<usize>,
    /// Which column takes the base64 of what is no text.
    pub(super) binary: Option<usize>,
}

/// A column that is read.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// Whether messages are looked for in it.
    pub(super) is_looked_at: bool,
    /// Whether it tells the rows apart: changing it would make another row.
    pub(super) is_key: bool,
}

/// What the schema says of a column.
struct Described {
    name: String,
    /// Its place in the primary key, from one; zero if it has none.
    key: i64,
    is_generated: bool,
}

impl Table {
    /// All ordinary tables, in the order of their names; what else there is stands in the warnings.
    pub(super) fn all(
        connection: &Connection,
        fields: &Fields,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Self>, DatabaseError> {
        let mut statement = connection.prepare(
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name COLLATE BINARY",
        )?;
        let described = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Vec<(String, String, bool)> = statement.query_map([], described)?.collect::<Result<_, _>>()?;
        let mut tables = Vec::new();
        for (name, kind, without_rowid) in found {
            if name.starts_with("sqlite_") || !fields.has_table(&name) {
                continue;
            }
            match kind.as_str() {
                "table" => tables.extend(Self::new(connection, name, without_rowid, fields, warnings)?),
                "view" => {}
                _ => warnings.push(format!("not an ordinary table, left as it is: {name}")),
            }
        }
        for wanted in fields.tables.iter().filter(|wanted| !tables.iter().any(|table| table.name == **wanted)) {
            warnings.push(format!("no table is called {wanted}"));
        }
        let columns = || tables.iter().flat_map(|table| &table.columns);
        for wanted in fields.columns.iter().filter(|wanted| !columns().any(|column| column.name == **wanted)) {
            warnings.push(format!("no column is called {wanted}"));
        }
        Ok(tables)
    }

    fn new(
        connection: &Connection,
        name: String,
        without_rowid: bool,
        fields: &Fields,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Self>, DatabaseError> {
        let mut statement = connection.prepare("SELECT name, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid")?;
        let described = |row: &Row<'_>| {
            Ok(Described { name: row.get(0)?, key: row.get(1)?, is_generated: row.get::<_, i64>(2)? != 0 })
        };
        let described: Vec<Described> = statement.query_map([&name], described)?.collect::<Result<_, _>>()?;
        let key = if without_rowid {
            let mut key: Vec<_> = described.iter().filter(|column| column.key > 0).collect();
            key.sort_by_key(|column| column.key);
            key.into_iter().map(|column| quoted(&column.name)).collect()
        } else {
            let is_free = |alias: &&str| !described.iter().any(|column| column.name.eq_ignore_ascii_case(alias));
            let Some(alias) = ["rowid", "_rowid_", "oid"].into_iter().find(is_free) else {
                warnings.push(format!("a table whose rows cannot be told apart, left as it is: {name}"));
                return Ok(None);
            };
            vec![alias.to_owned()]
        };
        let has_meaning =
            |name: &String| [&fields.session, &fields.binary].into_iter().flatten().any(|field| field == name);
        let read = described.iter().filter(|column| !column.is_generated);
        let read = read.filter(|column| fields.has_column(&column.name) || has_meaning(&column.name));
        let columns: Vec<_> = read
            .map(|column| Column {
                is_looked_at: fields.has_column(&column.name),
                is_key: without_rowid && column.key > 0,
                name: column.name.clone(),
            })
            .collect();
        let place = |name: &Option<String>| columns.iter().position(|column| Some(&column.name) == name.as_ref());
        let (session, binary) = (place(&fields.session), place(&fields.binary));
        Ok(Some(Self { name, without_rowid, key, columns, session, binary }))
    }

    /// Reads keys and values, of values only what may be a message, in the order of the keys; after a key, which is the parameters.
    pub(super) fn select(&self, after: bool, rows: usize) -> String {
        let keys = self.key.join(",");
        let mut sql = format!("SELECT {keys}");
        for column in &self.columns {
            let name = quoted(&column.name);
            sql += &format!(
                ",CASE WHEN typeof({name}) NOT IN ('text','blob') THEN iif({name} IS NULL,NULL,0) \
                 WHEN octet_length({name})<={LARGEST_VALUE} THEN {name} \
                 WHEN typeof({name})='text' THEN {TOO_LARGE} ELSE {LARGE_BLOB} END"
            );
        }
        sql += &format!(" FROM {}", quoted(&self.name));
        if after {
            let parameters = vec!["?"; self.key.len()].join(",");
            sql += &format!(" WHERE ({keys})>({parameters})");
        }
        sql + &format!(" ORDER BY {keys} LIMIT {rows}")
    }

    /// Writes a value into a column of one row and tells whether it has kept its kind. Fails rather than remove another row.
    pub(super) fn update(&self, column: &Column) -> String {
        let (table, name) = (quoted(&self.name), quoted(&column.name));
        let row: Vec<_> = self.key.iter().enumerate().map(|(index, key)| format!("{key}=?{}", index + 2)).collect();
        format!("UPDATE OR ABORT {table} SET {name}=?1 WHERE {} RETURNING typeof({name})=typeof(?1)", row.join(" AND "))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
