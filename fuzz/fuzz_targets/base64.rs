#![no_main]
sealwright_fuzz::target!("base64");
