#![no_main]
sealwright_fuzz::target!("json_records");
