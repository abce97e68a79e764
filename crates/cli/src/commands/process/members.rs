//! `process init` and `process meet`: devices, and who knows whom.

use super::home::{Card, Home, SecretsKey, from_hex, read_input};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use sealwright::process::{DeviceAddress, MemberId, process_ids, store_process};
use serde::Serialize;
use std::path::PathBuf;

/// Make the directory of a device, and print its card: what other devices have to know about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The directory, which must not exist yet.
    directory: PathBuf,
    /// The address of the device: any text of 1 to 255 bytes.
    #[arg(long)]
    address: DeviceAddress,
    /// The member that it belongs to: the outpoint of its pairing process, `<transaction id>:<number>`.
    #[arg(long, value_name = "OUTPOINT")]
    member: MemberId,
}

/// Take over the cards of other devices, and agree on a secret with each.
///
/// A card is no secret, but it has to come from whom it says: whoever changes it on the way reads what is shared with that device.
#[derive(Debug, clap::Args)]
pub(crate) struct Meet {
    /// The directory of the own device.
    directory: PathBuf,
    /// Files with cards, as `process init` prints them.
    #[arg(required = true, value_name = "CARD_FILE")]
    cards: Vec<Input>,
    /// Take a card of a member that is known with other devices. Be sure that it is that member's: it may read and vote as the member.
    #[arg(long)]
    another_device: bool,
    #[command(flatten)]
    key: SecretsKey,
}

#[derive(Serialize)]
struct Met {
    devices: Vec<DeviceAddress>,
}

impl Init {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        console.json(&Home::create(&self.directory, &self.address, self.member)?)
    }
}

impl Meet {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let mut home = Home::open(&self.directory)?;
        let key = self.key.read()?;
        let mut secrets = home.secrets(&key)?;
        let cards = self.cards.iter().map(read_input).collect::<Result<Vec<Card>, _>>()?;
        home.check_cards(&cards, self.another_device)?;
        // Who decides is not the same afterwards: what was accepted stays so.
        let mut store = home.store()?;
        for id in process_ids(&store).map_err(|error| Failure::of(&error))? {
            store_process(&home.settled(&store, &id)?, &mut store).map_err(|error| Failure::of(&error))?;
        }
        for card in cards.iter().chain(home.others()) {
            let refused = || {
                Failure::new("bad-value", format!("the card of {} has no public key", card.address))
                    .hint("ask its owner for the card again")
            };
            let point: [u8; 33] = from_hex(&card.key).and_then(|point| point.try_into().ok()).ok_or_else(refused)?;
            let secret = home.key.agree(&point).map_err(|_| refused())?;
            if card.address == home.address {
                continue;
            }
            secrets.add_pending(card.address.clone(), secret);
            // Both sides compute the same, so nothing is left to be confirmed.
            secrets.confirm(&card.address);
        }
        home.add_cards(cards)?;
        home.write_secrets(&secrets, &key)?;
        let devices: Vec<_> = home.others().map(|card| card.address.clone()).collect();
        for device in &devices {
            console.line(format_args!("a secret with {device}"))?;
        }
        console.value(&Met { devices })
    }
}
