#![no_main]
sealwright_fuzz::target!("stored_identity");
