//! Files that a person writes for an egress: recipients, ids of new sessions.

use crate::Input;
use sealwright_egress::{Recipient, RecipientError, Recipients, SessionIds, SessionIdsError};

/// Input: a file of recipients.
pub(crate) fn recipients(input: &[u8]) -> Input {
    let Ok(text) = std::str::from_utf8(input) else { return Input::Useless };
    match Recipient::in_file(text) {
        Ok(recipients) => {
            let written: String = recipients.iter().map(|recipient| format!("{recipient}\n")).collect();
            assert_eq!(Recipient::in_file(&written).as_ref(), Ok(&recipients), "EGR-29: what is written is read");
            let lines = text.lines().filter(|line| line.trim_start().to_ascii_lowercase().starts_with("age1"));
            assert_eq!(recipients.len(), lines.count(), "EGR-29: one in each line");
            assert_eq!(Recipients::keys(recipients.iter().cloned()).is_err(), recipients.is_empty());
        }
        Err(RecipientError::Line { line }) => {
            let wrong = text.lines().nth(usize::try_from(line - 1).expect("a line of the text"));
            assert!(wrong.expect("a line of the text").parse::<Recipient>().is_err(), "the line is to blame");
        }
        Err(error) => assert_eq!(error, RecipientError::SecretKey),
    }
    Input::Useful
}

/// Input: a file of session ids.
pub(crate) fn session_ids(input: &[u8]) -> Input {
    let read = |bytes: &[u8]| SessionIds::read(bytes);
    let has_records = input.contains(&b'{');
    match read(input) {
        Ok(_) => {
            let lined = [b"\n\r\n", input, b"\n\n"].concat();
            assert!(read(&lined).is_ok(), "EGR-36: empty lines are ignored");
            let twice = [input, b"\n", input].concat();
            let repeated = matches!(read(&twice), Err(SessionIdsError::Repeated { .. }));
            assert_eq!(repeated, has_records, "EGR-36: an old session is named once");
        }
        Err(SessionIdsError::Malformed { line }) => {
            // What stands before the wrong line may be wrong for another reason only.
            let before: Vec<_> = input.split_inclusive(|&byte| byte == b'\n').take((line - 1) as usize).collect();
            assert!(!matches!(read(&before.concat()), Err(SessionIdsError::Malformed { .. })));
        }
        Err(error) => assert!(!matches!(error, SessionIdsError::Io(_)), "memory can be read"),
    }
    Input::Useful
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        for input in [
            &b""[..],
            b"# nobody\n",
            b"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\r\n\n",
            b"AGE-SECRET-KEY-1",
            b"\nage1",
        ] {
            assert_eq!(recipients(input), Input::Useful);
        }
        assert_eq!(recipients(b"\xff"), Input::Useless);
        for input in [
            &b""[..],
            b"{}",
            b"[\"5a221722-36c4-41ee-be56-0242ac120002\"]",
            b"{\"oldSessionId\":\"5a221722-36c4-41ee-be56-0242ac120002\",\"sessionId\":\"00000000-0000-1000-a000-7ea300000018\"}",
            b"{\"oldSessionId\":\"5a221722-36c4-41ee-be56-0242ac120002\",\"sessionId\":\"00000000-0000-1000-a000-7ea300000018\"}\n{",
        ] {
            assert_eq!(session_ids(input), Input::Useful);
        }
    }
}
