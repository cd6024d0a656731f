//! libFuzzer for the secret scanner: the target `secrets` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("secrets").unwrap().check)(data)
);
