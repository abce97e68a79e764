#![no_main]
sealwright_fuzz::target!("rsa_private");
