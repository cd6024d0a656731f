//! libFuzzer for reports of hostile images: the target `report` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("report").unwrap().check)(data)
);
