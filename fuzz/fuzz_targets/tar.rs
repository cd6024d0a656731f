//! libFuzzer for tars: the target `tar` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("tar").unwrap().check)(data));
