//! libFuzzer for gzip: the target `gzip` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("gzip").unwrap().check)(data));
