#![no_main]
sealwright_fuzz::target!("csv_records");
