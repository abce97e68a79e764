//! `openssl speed` as a peer: private and public RSA operations per second.

use std::process::Command;

/// RSA operations per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RsaSpeed {
    /// With the private key.
    pub sign: f64,
    /// With the public key.
    pub verify: f64,
}

/// Whether there is such a program.
pub fn is_installed() -> bool {
    Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success())
}

/// Lets `openssl speed` run for a second each; `None` where there is no such program.
pub fn rsa_speed(bits: u64) -> Option<RsaSpeed> {
    let output = Command::new("openssl").args(["speed", "-seconds", "1", &format!("rsa{bits}")]).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// As [`rsa_speed`], by so many processes at once: all of them together.
pub fn rsa_speed_on(bits: u64, processes: usize) -> Option<RsaSpeed> {
    let arguments = ["speed", "-seconds", "3", "-multi", &processes.to_string(), &format!("rsa{bits}")];
    let output = Command::new("openssl").args(arguments).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The line `rsa 2048 bits 0.000218s 0.000013s 4578.0 77241.5`: seconds of each operation, then operations per second in the same order.
/// Later versions have more operations behind these two.
fn parse(text: &str) -> Option<RsaSpeed> {
    let line = text.lines().find(|line| line.starts_with("rsa") && line.contains(" bits "))?;
    let mut rates = line.split_once(" bits ")?.1.split_whitespace().filter(|field| !field.ends_with('s'));
    Some(RsaSpeed { sign: rates.next()?.parse().ok()?, verify: rates.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_table_are_read() {
        let expected = Some(RsaSpeed { sign: 4578.0, verify: 77241.5 });
        let three = "                  sign    verify    sign/s verify/s\nrsa 2048 bits 0.000218s 0.000013s   4578.0  77241.5\n";
        let later = "rsa  2048 bits 0.000218s 0.000013s 0.000014s 0.000220s 4578.0 77241.5 70000.0 4500.0\n";
        assert_eq!((parse(three), parse(later)), (expected, expected));
        assert_eq!(parse("no such algorithm"), None);
    }
}
