#![no_main]
sealwright_fuzz::target!("members");
