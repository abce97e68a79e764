#![no_main]
sealwright_fuzz::target!("process_proof");
