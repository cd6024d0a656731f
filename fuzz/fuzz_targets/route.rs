#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("route").unwrap().check)(data));
