//! libFuzzer for manifests: the target `manifest` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("manifest").unwrap().check)(data)
);
