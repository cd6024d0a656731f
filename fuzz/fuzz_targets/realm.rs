//! libFuzzer for addresses of token servers: the target `realm` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("realm").unwrap().check)(data)
);
