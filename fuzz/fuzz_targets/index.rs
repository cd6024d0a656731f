//! libFuzzer for cached layer indexes: the target `index` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("index").unwrap().check)(data)
);
