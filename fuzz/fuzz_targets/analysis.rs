//! libFuzzer for saved analyses: the target `analysis` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("analysis").unwrap().check)(data)
);
