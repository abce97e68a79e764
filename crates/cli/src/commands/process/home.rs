//! The directory of a device: `device.json` (its address, member and private key, in clear: whoever reads it derives the pairwise secrets by
//! PROC-94 and votes as the device, so the whole directory has to be kept secret), `members.json` (cards of the devices that it knows),
//! `store.redb` (processes with keys, blobs), `secrets` (pairwise secrets in an envelope).

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use crate::printable;
use crate::secret::Wanted;
use sealwright::SymKey;
use sealwright::process::secp256k1::{Schnorr, VotingKey};
use sealwright::process::{
    Author, Ballot, Device, DeviceAddress, Electorate, Member, MemberId, Outpoint, PairwiseSecrets, Peers, Process,
    Secrets, State, StateId, load_process,
};
use sealwright::process_store::{Disk, open_secrets, seal_secrets};
use sealwright::types::{SecretString, SecretVec};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// No file of a directory and nothing that is exchanged is longer.
pub(super) const LONGEST: u64 = 256 * 1024 * 1024;

/// What others have to know about a device. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    pub(super) address: DeviceAddress,
    /// The compressed public key, 33 bytes in hexadecimal.
    pub(super) key: String,
    pub(super) member: MemberId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceFile {
    address: DeviceAddress,
    member: MemberId,
    private_key: String,
}

/// Where the key of the pairwise secrets comes from.
#[derive(Debug, clap::Args)]
pub(super) struct SecretsKey {
    /// The key under which the directory keeps its pairwise secrets: 64 bytes, as they are or in base64. Without this option it is asked
    /// for on a terminal.
    #[arg(long, value_name = "FILE")]
    secrets_key_file: Option<Input>,
}

impl SecretsKey {
    pub(super) fn file(&self) -> Option<&Input> {
        self.secrets_key_file.as_ref()
    }

    pub(super) fn read(&self) -> Result<SymKey, Failure> {
        let wanted = Wanted { name: "Key of the pairwise secrets (base64)", option: "--secrets-key-file" };
        let key = wanted.read(self.file())?.raw_key()?;
        key.to_sym_key().map_err(|error| Failure::of(&error))
    }
}

/// The directory of a device.
pub(super) struct Home {
    path: PathBuf,
    pub(super) device: Device,
    pub(super) address: DeviceAddress,
    pub(super) key: VotingKey,
    pub(super) peers: Peers,
    cards: BTreeSet<Card>,
}

impl Home {
    /// Makes a new directory with a fresh key.
    pub(super) fn create(path: &Path, address: &DeviceAddress, member: MemberId) -> Result<Card, Failure> {
        let at = |error: io::Error| Failure::from(error).at(path.display());
        make_directory(path).map_err(at)?;
        let key = VotingKey::generate().map_err(|error| Failure::of(&error))?;
        let private_key = SecretString::from(to_hex(key.expose()));
        let file = DeviceFile { address: address.clone(), member, private_key: private_key.expose().to_owned() };
        let text = serde_json::to_vec(&file).map(SecretVec::from).map_err(io::Error::from)?;
        drop(SecretString::from(file.private_key));
        output::write(&path.join("device.json"), text.expose(), false)?;
        let card = Card { address: address.clone(), key: to_hex(&key.public_point()), member };
        write_json(&path.join("members.json"), &BTreeSet::from([card.clone()]), false)?;
        Ok(card)
    }

    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let file: DeviceFile = read_json(&path.join("device.json"))?;
        let private_key = SecretString::from(file.private_key);
        let damaged =
            || Failure::new("malformed", "not the description of a device").at(path.join("device.json").display());
        let bytes = from_hex(private_key.expose()).map(SecretVec::from).ok_or_else(damaged)?;
        let key = VotingKey::from_slice(bytes.expose()).map_err(|_| damaged())?;
        let cards: BTreeSet<Card> = read_json(&path.join("members.json"))?;
        let mut peers = Peers::default();
        // The own card alone is no handshake.
        if cards.len() > 1 {
            let members = members(&cards).into_iter().map(|(id, addresses)| Member { addresses, id });
            peers.apply_handshake(members).map_err(|error| Failure::of(&error))?;
        }
        let mut device = Device::new(file.address.clone());
        device.pair(file.member, members(&cards).remove(&file.member).unwrap_or_default());
        Ok(Self { path: path.to_owned(), device, address: file.address, key, peers, cards })
    }

    /// Whether cards contradict those that are known, or each other.
    pub(super) fn check_cards(&self, cards: &[Card], another_device: bool) -> Result<(), Failure> {
        let mut known = self.cards.clone();
        for card in cards {
            if known.iter().any(|known| known.address == card.address && known != card) {
                return Err(Failure::new("conflict", format!("another card of {} is known", card.address))
                    .hint("ask its owner which one is right; a device keeps its key"));
            }
            let is_new = !known.contains(card);
            if is_new && !another_device && known.iter().any(|known| known.member == card.member) {
                let told =
                    format!("{} says that it is a device of {}, who is known already", card.address, card.member);
                return Err(Failure::new("conflict", told)
                    .hint("ask that member whether the device is its own; --another-device takes the card"));
            }
            known.insert(card.clone());
        }
        Ok(())
    }

    /// Takes over cards that were checked.
    pub(super) fn add_cards(&mut self, cards: impl IntoIterator<Item = Card>) -> Result<(), Failure> {
        self.cards.extend(cards);
        write_json(&self.path.join("members.json"), &self.cards, true)
    }

    /// The cards of all other devices.
    pub(super) fn others(&self) -> impl Iterator<Item = &Card> {
        self.cards.iter().filter(|card| card.address != self.address)
    }

    pub(super) fn member(&self) -> Result<MemberId, Failure> {
        self.device.member().map_err(|error| Failure::of(&error))
    }

    pub(super) fn author(&self, keep_creator_keys: bool) -> Result<Author, Failure> {
        Ok(Author { member: self.member()?, keep_creator_keys })
    }

    /// Votes are verified by the x coordinates of the cards.
    pub(super) fn verifier(&self) -> Schnorr<BTreeMap<DeviceAddress, [u8; 32]>> {
        let key = |card: &Card| {
            let point = from_hex(&card.key)?;
            Some((card.address.clone(), <[u8; 32]>::try_from(point.get(1..)?).ok()?))
        };
        Schnorr(self.cards.iter().filter_map(key).collect())
    }

    /// The members for votes: also before any handshake, when nobody but this device is known.
    pub(super) fn electorate<'a>(
        &self,
        peers: &'a Peers,
        verifier: &'a Schnorr<BTreeMap<DeviceAddress, [u8; 32]>>,
    ) -> Electorate<'a> {
        Electorate { peers, verifier }
    }

    pub(super) fn all_peers(&self) -> Peers {
        let mut peers = Peers::default();
        let members = members(&self.cards).into_iter().map(|(id, addresses)| Member { addresses, id });
        // There is always the own card.
        let _ = peers.apply_handshake(members);
        peers
    }

    /// The named state, or the last one that is accepted: what nobody has agreed to is not what the process holds.
    pub(super) fn state<'a>(&self, process: &'a Process, id: Option<&StateId>) -> Result<&'a State, Failure> {
        let (peers, verifier) = (self.all_peers(), self.verifier());
        let found = match id {
            Some(id) => process.state(id),
            None => process.latest_valid(self.electorate(&peers, &verifier)),
        };
        found.ok_or_else(unknown_state)
    }

    /// The process with this id, to be changed: what is accepted by now stays so, whatever comes (PROC-64).
    pub(super) fn settled(&self, store: &Disk, id: &Outpoint) -> Result<Process, Failure> {
        let mut process = process(store, id)?;
        let (peers, verifier) = (self.all_peers(), self.verifier());
        process.settle(self.electorate(&peers, &verifier));
        Ok(process)
    }

    pub(super) fn store(&self) -> Result<Disk, Failure> {
        let path = self.path.join("store.redb");
        Disk::open(&path).map_err(|error| Failure::of(&error).at(path.display()))
    }

    pub(super) fn secrets(&self, key: &SymKey) -> Result<PairwiseSecrets, Failure> {
        let path = self.path.join("secrets");
        let sealed = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PairwiseSecrets::default()),
            read => read.map_err(|error| Failure::from(error).at(path.display()))?,
        };
        open_secrets(&sealed, key).map_err(|error| {
            let hint = "give the key with which `process meet` has written the secrets of this directory";
            Failure::of(&error).hint_for("rejected", hint).at(path.display())
        })
    }

    pub(super) fn restored(&self, key: &SymKey) -> Result<Secrets, Failure> {
        let mut secrets = Secrets::default();
        secrets.restore(self.secrets(key)?);
        Ok(secrets)
    }

    pub(super) fn write_secrets(&self, secrets: &PairwiseSecrets, key: &SymKey) -> Result<(), Failure> {
        let sealed = seal_secrets(secrets, key).map_err(|error| Failure::of(&error))?;
        output::write(&self.path.join("secrets"), &sealed, true)
    }
}

/// Tells of votes that do not count (PROC-62).
pub(super) fn warn_of_votes<'a>(home: &Home, states: impl IntoIterator<Item = &'a State>, console: &Console) {
    let verifier = home.verifier();
    let devices = |devices: &mut dyn Iterator<Item = &DeviceAddress>| {
        devices.map(|device| printable::line(device.as_str()).into_owned()).collect::<Vec<_>>().join(", ")
    };
    for state in states {
        let ballot = Ballot::count(state.validation_tokens(), &state.motion(), &verifier);
        let is_known = |device: &&DeviceAddress| home.cards.iter().any(|card| card.address == **device);
        let (known, unknown): (Vec<_>, Vec<_>) = ballot.forged.iter().partition(is_known);
        let all = [
            ("contradicting-votes", "voted both ways, which counts for neither", ballot.contradicting.iter().collect()),
            ("bad-signature", "a vote is not signed by its device, and does not count", known),
            ("unknown-device", "a vote of a device whose card is not known here does not count", unknown),
        ];
        for (code, text, named) in all.into_iter().filter(|(_, _, named)| !named.is_empty()) {
            console.warning(code, format!("state {}: {text}: {}", state.index(), devices(&mut named.into_iter())));
        }
    }
}

/// The process with this id, from the store.
pub(super) fn process(store: &Disk, id: &Outpoint) -> Result<Process, Failure> {
    let found = load_process(store, id).map_err(|error| Failure::of(&error))?;
    found.ok_or_else(|| Failure::new("unknown-process", format!("the process {id} is not known")))
}

/// The last state, accepted or not.
pub(super) fn last(process: &Process) -> Result<&State, Failure> {
    process.last().ok_or_else(unknown_state)
}

fn unknown_state() -> Failure {
    Failure::new("unknown-state", "the process does not have this state")
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A text of a file, which may be secret.
pub(super) fn text(input: &Input) -> Result<SecretString, Failure> {
    let content = input.read(LONGEST)?;
    let text = std::str::from_utf8(content.expose());
    text.map(|text| SecretString::from(text.to_owned()))
        .map_err(|_| Failure::new("not-utf8", "this is not UTF-8 text").hint("JSON is written in UTF-8").at(input))
}

/// JSON that a file holds.
pub(super) fn read_input<T: for<'de> Deserialize<'de>>(input: &Input) -> Result<T, Failure> {
    serde_json::from_str(text(input)?.expose().trim_end())
        .map_err(|_| Failure::new("malformed", "not the JSON that belongs here").at(input))
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Failure> {
    read_input(&Input::Path(path.to_owned()))
        .map_err(|failure| failure.hint("`process init` makes the directory of a device"))
}

fn write_json(path: &Path, value: &impl Serialize, replace: bool) -> Result<(), Failure> {
    let text = serde_json::to_vec(value).map_err(io::Error::from)?;
    output::write(path, &text, replace)
}

fn members(cards: &BTreeSet<Card>) -> BTreeMap<MemberId, BTreeSet<DeviceAddress>> {
    let mut members: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for card in cards {
        members.entry(card.member).or_default().insert(card.address.clone());
    }
    members
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let good = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        good.then(|| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).flatten()
    });
    digits.collect()
}

#[cfg(unix)]
fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
