//! The file storage of the Go SDK: no file spoils another one, and what is read can be written as a database.

use crate::Input;
use crate::keyring::with_keys;
use crate::recovered::{Contents, written_is_read_again};
use crate::sealing::{KEY, sealed};
use sealwright_identity::localdb::go::{Files, recover};
use sealwright_identity::localdb::{RecoverError, Recovered, Source, Warning};
use sealwright_kdf::value::RawKey64;

/// The files in the order of their lines.
const FILES: [Source; 5] =
    [Source::CurrentDevice, Source::Contacts, Source::Connectors, Source::Groups, Source::Sessions];
const TEMPORARY: &[&str] = &["lock", "groups_storage_temp_20261121193302331"];

/// Input: a line for each file: nothing for one that does not exist, `!` before one that is as it is, JSON that is sealed.
pub(crate) fn go_storage(input: &[u8]) -> Input {
    let text = with_keys(input);
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| match line {
        [] => None,
        [b'!', rest @ ..] => Some(rest.to_vec()),
        json => Some(sealed(json)),
    });
    let sealed_lines: Vec<_> = text.split(|&byte| byte == b'\n').take(FILES.len()).collect();
    let is_sealed = sealed_lines.iter().any(|line| line.first().is_some_and(|&first| first != b'!'));
    let contents: [Option<Vec<u8>>; FILES.len()] = std::array::from_fn(|_| lines.next().flatten());
    let there: Vec<_> = FILES
        .iter()
        .zip(&contents)
        .filter(|(_, it)| it.as_ref().is_some_and(|it| !it.is_empty()))
        .map(|(it, _)| *it)
        .collect();

    let recovered = match recover(&files(&contents), &key()) {
        Ok(recovered) => recovered,
        Err(error) => {
            assert!(error == RecoverError::Rejected && !is_sealed && !there.is_empty(), "something opens");
            return Input::Useful;
        }
    };
    assert!(is_sealed || there.is_empty(), "files opened that were never sealed");
    let reported: Vec<_> = recovered.sources.iter().map(|report| report.source).collect();
    assert_eq!(reported, there, "GOFS-01");
    for report in &recovered.sources {
        let is_damaged = recovered.warnings.contains(&Warning::FileDamaged(report.source));
        assert_eq!((report.total, report.readable), (1, usize::from(!is_damaged)), "{:?}", report.source);
    }
    let is_left = recovered.warnings.contains(&Warning::TemporaryLeft(Source::Groups));
    assert_eq!(is_left, files(&contents).groups.is_none(), "GOFS-02");
    each_alone_gives_the_same(&contents, &recovered);
    written_is_read_again(&recovered);
    Input::Useful
}

fn key() -> RawKey64 {
    RawKey64::from_bytes(&KEY).expect("64 bytes")
}

fn files(contents: &[Option<Vec<u8>>; FILES.len()]) -> Files<'_> {
    let [current_device, contacts, connectors, groups, sessions] = contents.each_ref().map(Option::as_deref);
    Files { current_device, contacts, connectors, groups, sessions, names: TEMPORARY }
}

fn each_alone_gives_the_same(contents: &[Option<Vec<u8>>; FILES.len()], together: &Recovered) {
    let together = Contents::of(together);
    let whole = files(contents);
    let none = Files::default();
    let alone = |files: Files<'_>| recover(&files, &key()).ok().map(|it| Contents::of(&it));
    if let Some(alone) = alone(Files { current_device: whole.current_device, ..none }) {
        assert_eq!((alone.identity, alone.expires), (together.identity, together.expires), "device");
    }
    if let Some(alone) = alone(Files { contacts: whole.contacts, ..none }) {
        assert_eq!(alone.contacts, together.contacts, "contacts");
    }
    if let Some(alone) = alone(Files { connectors: whole.connectors, ..none }) {
        assert_eq!(alone.connectors, together.connectors, "connectors");
    }
    if let Some(alone) = alone(Files { groups: whole.groups, ..none }) {
        assert_eq!(alone.groups, together.groups, "groups");
    }
    if let Some(alone) = alone(Files { sessions: whole.sessions, ..none }) {
        assert_eq!(alone.sessions, together.sessions, "sessions");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = r#"{"userId":"5a221722-36c4-41ee-be56-0242ac120002","deviceId":"5a221722-36c4-41ee-be56-0242ac120003",
        "encryptionPrivateKey":"@","signingPrivateKey":"@@","oldEncryptionPrivateKeys":["@@"],"oldSigningPrivateKeys":null}"#;

    #[test]
    fn hand_picked_inputs_hold() {
        let device = DEVICE.replace('\n', " ");
        let groups = r#"{"5a221722-36c4-41ee-be56-0242ac120004":{"deviceId":"5a221722-36c4-41ee-be56-0242ac120003",
            "currentKey":{"encryptionPrivateKey":"@","signingPrivateKey":"@@"}}}"#;
        let groups = groups.replace('\n', " ");
        for input in ["", "!", "!x", "!x\n{}", "null\n\n{}\n[]\n7", &device, &format!("{device}\n!x\n\n{groups}\n{{}}")]
        {
            assert_eq!(go_storage(input.as_bytes()), Input::Useful, "{input}");
        }
        let contents = [
            Some(sealed(&with_keys(device.as_bytes()))),
            None,
            None,
            Some(sealed(&with_keys(groups.as_bytes()))),
            None,
        ];
        let recovered = recover(&files(&contents), &key()).unwrap();
        assert!(recovered.identity.is_ok() && recovered.groups.len() == 1);
    }

    #[test]
    fn a_file_of_ours_counts_as_forged() {
        let mut input = b"!".to_vec();
        input.extend(sealed(b"{}"));
        // The first line only is the file.
        assert!(!input.contains(&b'\n'), "choose another content");
        let result = std::panic::catch_unwind(|| go_storage(&input));
        assert!(result.is_err(), "the oracle must notice a file that opens");
    }
}
