//! libFuzzer for addresses of badges: the target `badge` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("badge").unwrap().check)(data)
);
