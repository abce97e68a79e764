#![no_main]
sealwright_fuzz::target!("session_ids");
