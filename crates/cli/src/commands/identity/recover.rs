//! `identity recover`: the identity out of whatever an SDK has stored it in.

mod report;

use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::output::{self, Output};
use crate::secret::{Given, Wanted};
use crate::status::Status;
use crate::stored_blob;
use report::Report;
use sealwright::egress::local_database;
use sealwright::identity::localdb::{RecoverError, Recovered};
use sealwright::identity::ssks::{Account, Blob, BlobError, Mode, Opened, password, two_man_rule};
use sealwright::identity::{Identity, Read};
use sealwright::kdf::value::RawKey64;
use sealwright::kdf::{AppIdText, DatabaseKey, UserIdText, database_key, database_raw_key};
use sealwright::{DeviceId, SymKey};
use std::io;
use std::path::PathBuf;

/// Recover an identity from where an SDK has stored it: under a password, under the two-man rule, or in a local database.
///
/// Writes the identity document, readable by its owner only, and reports what each source gave. What it is recovered from is never changed.
/// Status 3 says that parts of a database stayed unopened.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The application's id, spelled as the application spells it. Needed with a password, a two-man-rule key or a database key that is a text.
    #[arg(long, value_name = "ID", value_parser = AppIdText::new)]
    app_id: Option<AppIdText>,
    /// The user's id in the application (not Seald's id of the user), spelled as the application spells it. Needed with a password or a
    /// two-man-rule key that is a text.
    #[arg(long, value_name = "ID", value_parser = UserIdText::parse_tolerant)]
    user_id: Option<UserIdText>,
    /// A file with the password, the `twoManRuleKey` or the `databaseKey` as UTF-8 text, without the line break at its end; `-` is standard
    /// input. Without any key it is asked for on a terminal.
    #[arg(long, value_name = "FILE", conflicts_with = "go_storage")]
    password_file: Option<Input>,
    /// A file with a key of 64 bytes, as they are or in base64: `rawEncryptionKey`, `rawTwoManRuleKey`, `databaseRawKey`, or the
    /// `databaseEncryptionKey` of a Go storage.
    #[arg(long, value_name = "FILE", conflicts_with = "password_file")]
    raw_key_file: Option<Input>,
    /// The application gave the local database no key.
    #[arg(long, conflicts_with_all = ["ssks_password", "ssks_2mr", "go_storage", "password_file", "raw_key_file"])]
    no_key: bool,
    /// Which identity to write, where a local database holds several.
    #[arg(long, value_name = "ID")]
    device_id: Option<DeviceId>,
    /// Where to write the identity document; private keys are not printed on standard output.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// An identity that SSKS stores under a password (`data_b64`), raw or as base64 text; `-` is standard input.
    #[arg(long, value_name = "BLOB_FILE")]
    ssks_password: Option<Input>,
    /// An identity that SSKS stores under the two-man rule (`data_b64`), raw or as base64 text; `-` is standard input.
    #[arg(long = "ssks-2mr", value_name = "BLOB_FILE")]
    ssks_2mr: Option<Input>,
    /// The directory of a local database of the JavaScript SDK, with User.fdb and key_backup.
    #[arg(long, value_name = "DIR")]
    localdb: Option<PathBuf>,
    /// The directory of a storage of the Go or a mobile SDK, with current_device_storage.
    #[arg(long, value_name = "DIR")]
    go_storage: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let target = &arguments.output;
    if Output::from(target.clone().into_os_string()) == Output::Standard {
        return Err(Failure::usage("private keys are not printed", "name a file with -o"));
    }
    output::check(target, console.global().force)?;
    let source = &arguments.source;
    if let Some(blob) = &source.ssks_password {
        arguments.finish(arguments.open(blob, password::open_undecided)?, console)
    } else if let Some(blob) = &source.ssks_2mr {
        arguments.finish(arguments.open(blob, two_man_rule::open_undecided)?, console)
    } else if let Some(directory) = &source.localdb {
        let recovered = local_database::nedb(directory, &arguments.database_key(console)?);
        let hint = if arguments.raw_key_file.is_some() { WRONG_RAW_KEY } else { WRONG_DATABASE_KEY };
        let recovered = recovered.map_err(|error| closed(error, hint).at(directory.display()))?;
        arguments.finish_database(&recovered, directory, console)
    } else if let Some(directory) = &source.go_storage {
        let wanted = Wanted { name: "Database encryption key (base64)", option: "--raw-key-file" };
        let key = wanted.read(arguments.raw_key_file.as_ref())?.raw_key()?;
        let recovered = local_database::go(directory, &key);
        let recovered = recovered.map_err(|error| closed(error, WRONG_RAW_KEY).at(directory.display()))?;
        arguments.finish_database(&recovered, directory, console)
    } else {
        Err(Failure::usage("there is nothing to recover from", "`--help` names what there can be"))
    }
}

type OpenUndecided = fn(&Blob, &str, &Account) -> Result<(Opened, Mode), BlobError>;

impl Arguments {
    /// Opens a stored identity. Whether a text is a password or a raw key, the MAC decides (BLOB-10).
    fn open(&self, file: &Input, open_undecided: OpenUndecided) -> Result<(Read, Mode), Failure> {
        input::read_once([file].into_iter().chain(&self.password_file).chain(&self.raw_key_file))?;
        let blob = stored_blob::read(file)?;
        let opened = match &self.raw_key_file {
            Some(_) => {
                blob.open_raw(&RAW_KEY.read(self.raw_key_file.as_ref())?.raw_key()?).map(|opened| (opened, Mode::Raw))
            }
            None => {
                let given = PASSWORD.read(self.password_file.as_ref())?;
                given.password()?;
                match (self.account(), RawKey64::parse_tolerant(given.text()?)) {
                    (Ok(account), _) => open_undecided(&blob, given.text()?, &account),
                    (Err(_), Ok(key)) => blob.open_raw(&key).map(|opened| (opened, Mode::Raw)),
                    (Err(missing), Err(_)) => return Err(missing),
                }
            }
        };
        let (opened, mode) = opened.map_err(|error| {
            Failure::of(&error).hint_for("rejected", WRONG_CREDENTIAL).hint_for("malformed", stored_blob::HINT).at(file)
        })?;
        let read = opened
            .identity()
            .map_err(|error| Failure::of(&error).hint_for("malformed", NO_IDENTITY_INSIDE).at(file))?;
        Ok((read, mode))
    }

    fn account(&self) -> Result<Account, Failure> {
        match (&self.app_id, &self.user_id) {
            (Some(app), Some(user)) => Ok(Account { app: app.clone(), user: user.clone() }),
            (None, _) => Err(app_id_missing()),
            (_, None) => {
                Err(Failure::missing("user-id-missing", "the user's id is part of the key, and it is missing")
                    .hint("give it with --user-id, spelled as the application spells it"))
            }
        }
    }

    fn database_key(&self, console: &Console) -> Result<SymKey, Failure> {
        if self.raw_key_file.is_some() {
            let key = RAW_KEY.read(self.raw_key_file.as_ref())?.raw_key()?;
            return database_raw_key(&key).map_err(|error| Failure::of(&error));
        }
        let app = self.app_id.as_ref().ok_or_else(app_id_missing)?;
        if self.no_key {
            console.warning(
                "no-database-key",
                "a database without databaseKey is not protected: whoever knows the application's id can open it (KDF-33)",
            );
            return database_key(DatabaseKey::NotGiven, app).map_err(|error| Failure::of(&error));
        }
        let given: Given = DATABASE_KEY.read(self.password_file.as_ref())?;
        let key = given.password().map_err(|failure| {
            failure.hint_for("empty-password", "if the application gave the database no key, say so with --no-key")
        })?;
        database_key(DatabaseKey::Given(&key), app).map_err(|error| Failure::of(&error))
    }

    fn finish(&self, (read, mode): (Read, Mode), console: &Console) -> Result<Status, Failure> {
        let mut report = Report::of_blob(&read, mode);
        if let Some(device) = self.device_id.filter(|&device| device != read.identity.device()) {
            return Err(no_such_device(device, [&read.identity]));
        }
        self.write(&read.identity, &mut report, console)?;
        report.show(console)?;
        Ok(report.status())
    }

    /// Everything that the database says is reported, also when there is no identity in it.
    fn finish_database(
        &self,
        recovered: &Recovered,
        place: &std::path::Path,
        console: &Console,
    ) -> Result<Status, Failure> {
        let mut report = Report::of_database(recovered);
        match self.choose(recovered) {
            Ok(identity) => {
                report.set_identity(identity);
                self.write(identity, &mut report, console)?;
                report.show(console)?;
                report.tell_what_stays(console);
                Ok(report.status())
            }
            Err(failure) => report.fail(failure.at(place.display()), console),
        }
    }

    /// The identity of the database, or the one that was asked for.
    fn choose<'a>(&self, recovered: &'a Recovered) -> Result<&'a Identity, Failure> {
        let all = || recovered.identity.as_ref().ok().into_iter().chain(&recovered.other_identities);
        match (self.device_id, &recovered.identity) {
            (Some(device), _) => {
                all().find(|identity| identity.device() == device).ok_or_else(|| no_such_device(device, all()))
            }
            (None, Ok(identity)) => Ok(identity),
            (None, Err(error)) => {
                let failure = Failure::of(error);
                Err(if recovered.other_identities.is_empty() { failure } else { failure.hint(choose_hint(all())) })
            }
        }
    }

    fn write(&self, identity: &Identity, report: &mut Report, console: &Console) -> Result<(), Failure> {
        output::write(&self.output, identity.to_bson().expose(), console.global().force)?;
        report.written_to(&self.output);
        console.note(format_args!("wrote the identity of user {} into {}", identity.user(), self.output.display()));
        Ok(())
    }
}

fn no_such_device<'a>(device: DeviceId, all: impl IntoIterator<Item = &'a Identity>) -> Failure {
    Failure::new("no-identity", format!("there is no identity of device {device}")).hint(choose_hint(all))
}

fn choose_hint<'a>(all: impl IntoIterator<Item = &'a Identity>) -> String {
    let all: Vec<_> = all
        .into_iter()
        .map(|identity| format!("`--device-id {}` (user {})", identity.device(), identity.user()))
        .collect();
    match all.is_empty() {
        true => "there is no other one either".to_owned(),
        false => format!("choose with {}", all.join(" or ")),
    }
}

fn closed(error: RecoverError, wrong_key: &'static str) -> Failure {
    match error {
        RecoverError::Io(kind) => io::Error::from(kind).into(),
        error => Failure::of(&error).hint_for("rejected", wrong_key),
    }
}

fn app_id_missing() -> Failure {
    Failure::missing("app-id-missing", "the application's id is part of the key, and it is missing")
        .hint("give it with --app-id, spelled as the application spells it; a raw key needs none: --raw-key-file")
}

const PASSWORD: Wanted = Wanted { name: "Password or raw key", option: "--password-file" };
const DATABASE_KEY: Wanted = Wanted { name: "Database key", option: "--password-file" };
const RAW_KEY: Wanted = Wanted { name: "Raw key (base64)", option: "--raw-key-file" };

const WRONG_CREDENTIAL: &str = "check the password, and that --app-id and --user-id are spelled as the application spells them: all three make the \
                                key; if they are right, the blob was damaged";
const NO_IDENTITY_INSIDE: &str =
    "the blob opens, so the key is right: something else than an identity was stored in it";
const WRONG_RAW_KEY: &str = "check the key of the database; a wrong key cannot be told from files that are all damaged";
const WRONG_DATABASE_KEY: &str = "check the key of the database, and that --app-id is spelled as the application spells it; \
                                  a wrong key cannot be told from files that are all damaged";
