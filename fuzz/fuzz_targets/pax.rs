//! libFuzzer for extension records: the target `pax` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("pax").unwrap().check)(data));
