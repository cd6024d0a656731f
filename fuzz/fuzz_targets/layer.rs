//! libFuzzer for layers of any compression: the target `layer` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("layer").unwrap().check)(data)
);
