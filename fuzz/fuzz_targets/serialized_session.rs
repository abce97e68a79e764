#![no_main]
sealwright_fuzz::target!("serialized_session");
