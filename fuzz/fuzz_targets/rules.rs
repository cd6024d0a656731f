//! libFuzzer for rules files: the target `rules` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("rules").unwrap().check)(data)
);
