//! libFuzzer for Zstandard: the target `zstd` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("zstd").unwrap().check)(data));
