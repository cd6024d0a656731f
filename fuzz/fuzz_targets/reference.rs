//! libFuzzer for references, digests and platforms: the target `reference` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("reference").unwrap().check)(data)
);
