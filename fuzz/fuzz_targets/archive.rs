//! libFuzzer for archives: the target `archive` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("archive").unwrap().check)(data)
);
