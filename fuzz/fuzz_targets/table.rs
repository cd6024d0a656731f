//! libFuzzer for tables of contents: the target `table` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("table").unwrap().check)(data)
);
