#![no_main]
sealwright_fuzz::target!("database_line");
