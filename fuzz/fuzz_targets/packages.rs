//! libFuzzer for package databases: the target `packages` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("packages").unwrap().check)(data)
);
