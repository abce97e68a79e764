#![no_main]
sealwright_fuzz::target!("exported_database");
