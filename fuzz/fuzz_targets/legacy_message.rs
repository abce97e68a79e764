#![no_main]
sealwright_fuzz::target!("legacy_message");
