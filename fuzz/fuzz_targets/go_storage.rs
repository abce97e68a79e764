#![no_main]
sealwright_fuzz::target!("go_storage");
